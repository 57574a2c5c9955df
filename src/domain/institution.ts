import type { Id } from './ids.ts';
import { Issues, type Maybe } from './issues.ts';
import { givenFields } from './patch.ts';
import type { Instant } from './time.ts';

export const REGIONS = ['US', 'EU_UK', 'SG', 'UAE'] as const;
/** A region in which an institution does business. */
export type Region = (typeof REGIONS)[number];

export const VERTICALS = ['CONSTRUCTION', 'TRADE_FINANCE'] as const;
/** A line of business. */
export type Vertical = (typeof VERTICALS)[number];

/** A bank, fund or enterprise: the tenant that everything else belongs to. */
export interface Institution {
  readonly id: Id;
  readonly name: string;
  readonly regions: readonly Region[];
  readonly verticals: readonly Vertical[];
  readonly version: number;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
}

/** The properties that a client chooses for a new institution. */
export interface InstitutionInput {
  readonly name: string;
  readonly regions: readonly Region[];
  /** Defaults to all verticals. */
  readonly verticals?: Maybe<readonly Vertical[]>;
}

/** Validates the input without reading the store. Throws ValidationError. */
export function checkInstitution(
  input: InstitutionInput,
  issues = new Issues(),
): Pick<Institution, 'name' | 'regions' | 'verticals'> {
  const name = issues.text(['name'], input.name);
  const regions = issues.choice(['regions'], input.regions);
  const verticals = issues.choice(['verticals'], input.verticals ?? VERTICALS);
  issues.throwIfAny();
  return { name, regions, verticals };
}

/** The changes of an update; an absent field stays as it is. */
export interface InstitutionPatch {
  readonly name?: Maybe<string>;
  readonly regions?: Maybe<readonly Region[]>;
  readonly verticals?: Maybe<readonly Vertical[]>;
}

/** Validates the input without reading the store. Throws ValidationError. */
export function checkInstitutionPatch(input: InstitutionPatch, issues: Issues): Partial<Institution> {
  const { name, regions, verticals } = givenFields(issues, {
    name: input.name,
    regions: input.regions,
    verticals: input.verticals,
  });
  const patch = {
    ...(name !== undefined && { name: issues.text(['name'], name) }),
    ...(regions && { regions: issues.choice(['regions'], regions) }),
    ...(verticals && { verticals: issues.choice(['verticals'], verticals) }),
  };
  issues.throwIfAny();
  return patch;
}

/** Returns the regions and verticals that the patch removes from the institution. */
export const removedBy = (
  { regions, verticals }: Institution,
  patch: Partial<Institution>,
): Pick<Institution, 'regions' | 'verticals'> => ({
  regions: regions.filter((region) => patch.regions?.includes(region) === false),
  verticals: verticals.filter((vertical) => patch.verticals?.includes(vertical) === false),
});

/** Returns a new institution. */
export const newInstitution = (
  { name, regions, verticals }: ReturnType<typeof checkInstitution>,
  id: Id,
  now: Instant,
): Institution => Object.freeze({ id, name, regions, verticals, version: 1, createdAt: now, updatedAt: now });
