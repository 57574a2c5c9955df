import type { CurrencyCode } from '../../domain/currencies.ts';
import type { Id } from '../../domain/ids.ts';
import { POSITION_STATES, type PositionState } from '../../domain/lifecycle.ts';
import type { Position } from '../../domain/position.ts';
import type { Condition, Field, Selection, Total } from '../store.ts';
import { keyOf, keyOfRow, listSpecOf } from './keptLists.ts';
import { conditionsOf } from './match.ts';
import type { Table } from './table.ts';
import type { Write } from './write.ts';

/** The maximum number of selections whose sums are kept, and of different sets of fields in them. */
const MAX_SELECTIONS = 10_000;
const MAX_SHAPES = 16;
/** The number of scanned rows from which on sums are kept. */
const MIN_SCANNED = 400;

/** A total while it is being summed up. */
type Sum = { -readonly [F in keyof Total]: Total[F] };
type Sums = Map<CurrencyCode, Map<PositionState, Sum>>;

/** The kept sums of the selections by the same fields, by the values of these. */
interface Shape {
  readonly fields: readonly Field<Position>[];
  readonly sums: Map<string, Sums>;
}

/**
 * Sums positions by currency and state. The sums of a selection by single values that had to read many positions are
 * kept and updated with every write. From them, any currencies and states can be selected.
 */
export class Totals {
  readonly #positions: Table<Position>;
  readonly #shapes = new Map<string, Shape>();
  #size = 0;

  constructor(positions: Table<Position>) {
    this.#positions = positions;
  }

  /** Returns the sums of the selected positions, by currency code, then by state. */
  of(selection: Selection<Position>, tenant: Id | null): readonly Total[] {
    const { where, parent, terms = [], search, party, country } = selection;
    const { currency, state, ...others } = where;
    const isJoined = [search, party, country].some((each) => each !== undefined) || terms.length > 0;
    const isSplit = !isJoined && isList(currency) && isList(state);
    const kept = isSplit ? this.#kept({ where: others, parent }, tenant) : undefined;
    if (!kept) return listOf(this.#sum(selection, tenant));
    return listOf(kept).filter((total) => isIn(currency, total.currency) && isIn(state, total.state));
  }

  /** Updates the kept sums. Must be called for every write to positions before it is applied. */
  note({ entity, kind }: Write<'positions'>): void {
    if (this.#shapes.size === 0) return;
    const before = kind === 'insert' ? undefined : this.#positions.rows.get(entity.id);
    for (const { fields, sums } of this.#shapes.values()) {
      if (before) addTo(sums.get(keyOfRow(before, fields)), before, -1);
      if (kind !== 'remove') addTo(sums.get(keyOfRow(entity, fields)), entity, 1);
    }
  }

  /** Returns the kept sums of the selection; undefined if they cannot be kept. */
  #kept(selection: Selection<Position>, tenant: Id | null): Sums | undefined {
    const conditions = conditionsOf(selection, 'institutionId', tenant);
    const spec = conditions.length === 0 ? NO_CONDITION : listSpecOf<Position>(conditions, []);
    if (!spec || spec.fields.length !== conditions.length) return undefined;
    const name = spec.fields.join();
    const kept = this.#shapes.get(name)?.sums.get(keyOf(spec.values));
    if (kept) return kept;
    const { scanStats } = this.#positions;
    const scanned = scanStats.rows;
    const sums = this.#sum(selection, tenant);
    if (scanStats.rows - scanned < MIN_SCANNED) return sums;
    if (this.#size >= MAX_SELECTIONS || this.#shapes.size >= MAX_SHAPES) this.#clear();
    const shape: Shape = this.#shapes.get(name) ?? { fields: spec.fields, sums: new Map() };
    this.#shapes.set(name, shape);
    shape.sums.set(keyOf(spec.values), sums);
    this.#size += 1;
    return sums;
  }

  #sum(selection: Selection<Position>, tenant: Id | null): Sums {
    const sums: Sums = new Map();
    for (const position of this.#positions.matches(selection, tenant)) addTo(sums, position, 1);
    return sums;
  }

  #clear(): void {
    this.#shapes.clear();
    this.#size = 0;
  }
}

const NO_CONDITION = { fields: [], values: [], by: [] } as const;

const isList = (condition: Condition<unknown> | undefined): boolean => condition === undefined || 'in' in condition;
const isIn = <V>(condition: Condition<V> | undefined, value: V): boolean =>
  condition === undefined || ('in' in condition && condition.in.includes(value));

const NOTHING = { amount: 0n, held: 0n, retained: 0n, released: 0n, refunded: 0n, fees: 0n } as const;

/** Adds a position to sums, or subtracts it with the sign -1. */
function addTo(sums: Sums | undefined, position: Position, sign: 1 | -1): void {
  if (!sums) return;
  const { currency, state, amount, held, retained, released, refunded, fees } = position;
  let byState = sums.get(currency);
  if (!byState) sums.set(currency, (byState = new Map()));
  let sum = byState.get(state);
  if (!sum) byState.set(state, (sum = { currency, state, count: 0, ...NOTHING }));
  const signed = (part: bigint): bigint => (sign === 1 ? part : -part);
  sum.count += sign;
  sum.amount += signed(amount);
  // Most positions have zero in these fields, so the addition is skipped.
  if (held !== 0n) sum.held += signed(held);
  if (retained !== 0n) sum.retained += signed(retained);
  if (released !== 0n) sum.released += signed(released);
  if (refunded !== 0n) sum.refunded += signed(refunded);
  if (fees !== 0n) sum.fees += signed(fees);
}

/** Returns copies of the sums that contain a position. */
const listOf = (sums: Sums): readonly Total[] =>
  [...sums]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, byState]) =>
      POSITION_STATES.flatMap((state) => {
        const sum = byState.get(state);
        return sum && sum.count > 0 ? [{ ...sum }] : [];
      }),
    );
