import type { Id } from '../../domain/ids.ts';
import type { MetadataTerm } from '../../domain/metadataTerms.ts';
import type { MemoryMeter } from './meter.ts';

/**
 * The memory of an institution's map, of a term with a single row, of a set, and of each row in a set, in bytes,
 * measured.
 */
const TENANT_BYTES = 250;
const TERM_BYTES = 90;
const SET_BYTES = 90;
const MEMBER_BYTES = 28;
/** The maximum memory of one more term of a row, in bytes. */
export const MAX_TERM_BYTES = TENANT_BYTES + TERM_BYTES + SET_BYTES + 2 * MEMBER_BYTES;

/** The single row of a term, or all its rows. Most terms have one row, which needs no set. */
type Found = Id | Set<Id>;
type TenantTerms = Map<MetadataTerm, Found>;

/**
 * The rows of each term, separate for each institution, so that the time of its reads does not depend on the rows of
 * others.
 */
export class TermIndex {
  readonly #tenants = new Map<unknown, TenantTerms>();
  readonly #meter: MemoryMeter;

  constructor(meter: MemoryMeter) {
    this.#meter = meter;
  }

  /** Returns how many rows of the institution, or of all if it is null, have the term. */
  count(term: MetadataTerm, tenant: Id | null): number {
    return this.#found(term, tenant).reduce((count, found) => count + (typeof found === 'string' ? 1 : found.size), 0);
  }

  has(term: MetadataTerm, tenant: unknown, id: Id): boolean {
    const found = this.#tenants.get(tenant)?.get(term);
    return typeof found === 'string' ? found === id : found?.has(id) === true;
  }

  *ids(term: MetadataTerm, tenant: Id | null): Iterable<Id> {
    for (const found of this.#found(term, tenant)) {
      if (typeof found === 'string') yield found;
      else yield* found;
    }
  }

  /** Replaces a row's terms. */
  change(id: Id, tenant: unknown, before: readonly MetadataTerm[], after: readonly MetadataTerm[]): void {
    this.#meter.add(this.growthBy(tenant, before, after));
    for (const term of without(before, after)) this.#remove(id, tenant, term);
    for (const term of without(after, before)) this.#insert(id, tenant, term);
    if (this.#tenants.get(tenant)?.size !== 0) return;
    this.#tenants.delete(tenant);
    this.#meter.add(-TENANT_BYTES);
  }

  /** Returns the bytes that the change adds, or frees if negative, without the map of an institution. */
  growthBy(tenant: unknown, before: readonly MetadataTerm[], after: readonly MetadataTerm[]): number {
    const terms = this.#tenants.get(tenant);
    const added = without(after, before);
    const removed = without(before, after);
    let bytes = !terms && added.length > 0 ? TENANT_BYTES : 0;
    for (const term of added) bytes += bytesToInsert(terms?.get(term));
    for (const term of removed) bytes -= bytesToRemove(terms?.get(term));
    return bytes;
  }

  /** Counts the bytes of all terms again. */
  recount(): number {
    let bytes = 0;
    for (const terms of this.#tenants.values()) {
      bytes += TENANT_BYTES;
      for (const found of terms.values()) {
        bytes += TERM_BYTES + (typeof found === 'string' ? 0 : SET_BYTES + MEMBER_BYTES * found.size);
      }
    }
    return bytes;
  }

  #found(term: MetadataTerm, tenant: Id | null): readonly Found[] {
    if (tenant !== null) {
      const found = this.#tenants.get(tenant)?.get(term);
      return found === undefined ? [] : [found];
    }
    return [...this.#tenants.values()].flatMap((terms) => terms.get(term) ?? []);
  }

  #insert(id: Id, tenant: unknown, term: MetadataTerm): void {
    const terms: TenantTerms = this.#tenants.get(tenant) ?? new Map();
    this.#tenants.set(tenant, terms);
    const found = terms.get(term);
    if (found === undefined) terms.set(term, id);
    else if (typeof found === 'string') terms.set(term, new Set([found, id]));
    else found.add(id);
  }

  #remove(id: Id, tenant: unknown, term: MetadataTerm): void {
    const terms = this.#tenants.get(tenant);
    const found = terms?.get(term);
    if (isOnlyRow(found)) terms?.delete(term);
    else if (typeof found === 'object') found.delete(id);
  }
}

const without = (terms: readonly MetadataTerm[], others: readonly MetadataTerm[]): readonly MetadataTerm[] =>
  terms.filter((term) => !others.includes(term));

const isOnlyRow = (found: Found | undefined): boolean =>
  typeof found === 'string' || (typeof found === 'object' && found.size === 1);

function bytesToInsert(found: Found | undefined): number {
  if (found === undefined) return TERM_BYTES;
  return typeof found === 'string' ? SET_BYTES + 2 * MEMBER_BYTES : MEMBER_BYTES;
}

function bytesToRemove(found: Found | undefined): number {
  const member = typeof found === 'object' ? MEMBER_BYTES : 0;
  if (!isOnlyRow(found)) return member;
  return TERM_BYTES + member + (typeof found === 'object' ? SET_BYTES : 0);
}
