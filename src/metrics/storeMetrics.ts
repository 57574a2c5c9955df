import { Counter, Gauge, type Registry } from 'prom-client';
import type { CurrencyCode } from '../domain/currencies.ts';
import { OPEN_STATES, POSITION_STATES, type PositionState } from '../domain/lifecycle.ts';
import { formatMinorUnits } from '../domain/money.ts';
import { Remembered } from '../server/remembered.ts';
import { deadlineIn } from '../store/deadline.ts';
import type { Store } from '../store/store.ts';

/** The time for which the sums of held money are kept, in ms: summing up many positions takes long. */
const HELD_KEPT_MS = 10_000;
/** The maximum time of that sum, in ms. */
const HELD_TIMEOUT_MS = 2_000;

/** Counts transitions, and reads the state of the store when the metrics are requested. */
export class StoreMetrics {
  readonly #registry: Registry;
  readonly #transitions: Counter<'state'>;

  constructor(registry: Registry) {
    this.#registry = registry;
    this.#transitions = new Counter({
      name: 'escrowgrid_transitions_total',
      help: 'Positions that this server created or moved, by their new state.',
      labelNames: ['state'],
      registers: [registry],
    });
    for (const state of POSITION_STATES) this.#transitions.inc({ state }, 0);
  }

  countTransition(state: PositionState): void {
    this.#transitions.inc({ state });
  }

  /** Adds the metrics of the store itself. */
  watch(store: Store): void {
    this.#addHeld(store);
    if (store.connectionCounts) this.#addConnections(store);
    if (store.replicaCounts) this.#addReplica(store);
    if (store.rowCounts) this.#addRows(store);
    if (store.usage) this.#addBytes(store);
  }

  #addHeld(store: Store): void {
    const held = new Remembered(() => heldIn(store), HELD_KEPT_MS);
    this.#gauge('escrowgrid_held_amount', HELD_HELP, ['currency'], async (gauge) => {
      const amounts = await held.get();
      gauge.reset();
      for (const [currency, amount] of amounts ?? []) gauge.set({ currency }, amount);
    });
  }

  #addConnections(store: Store): void {
    const help = 'Connections to the database in use and idle, and calls that wait for one.';
    this.#gauge('escrowgrid_database_connections', help, ['state'], (gauge) => {
      const { inUse = 0, idle = 0, waiting = 0 } = store.connectionCounts?.() ?? {};
      for (const [state, count] of Object.entries({ in_use: inUse, idle, waiting })) gauge.set({ state }, count);
    });
  }

  #addReplica(store: Store): void {
    const reads: Counter<'served_by' | 'reason'> = new Counter({
      name: 'escrowgrid_replica_reads_total',
      help: REPLICA_HELP,
      labelNames: ['served_by', 'reason'],
      registers: [this.#registry],
      collect: () => {
        const { replica = 0, behind = 0, unusable = 0 } = store.replicaCounts?.() ?? {};
        reads.reset();
        reads.inc({ served_by: 'replica', reason: 'usable' }, replica);
        reads.inc({ served_by: 'primary', reason: 'behind' }, behind);
        reads.inc({ served_by: 'primary', reason: 'unusable' }, unusable);
      },
    });
  }

  #addRows(store: Store): void {
    this.#gauge('escrowgrid_memory_store_rows', 'Rows of the memory store by table.', ['table'], (gauge) => {
      for (const [table, rows] of Object.entries(store.rowCounts?.() ?? {})) gauge.set({ table }, rows);
    });
  }

  #addBytes({ usage }: Store): void {
    const kinds = ['used', 'max'];
    this.#gauge('escrowgrid_memory_store_bytes', 'Memory of the memory store, used and at most.', ['kind'], (gauge) => {
      for (const kind of kinds) gauge.set({ kind }, (kind === 'used' ? usage?.usedBytes : usage?.maxBytes) ?? 0);
    });
  }

  #gauge<L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[],
    collect: (gauge: Gauge<L>) => Promise<void> | void,
  ): void {
    const gauge: Gauge<L> = new Gauge({
      name,
      help,
      labelNames: [...labelNames],
      registers: [this.#registry],
      collect: () => collect(gauge),
    });
  }
}

const REPLICA_HELP =
  'Reads that a replica may serve: those that it served, and those of the primary because it was behind or unusable.';
const HELD_HELP =
  'Money held in open positions by currency, in units of the currency. Absent if it cannot be summed up in time.';

/** Returns the sums of the held money by currency, as numbers that are rounded if they are too large. */
async function heldIn(store: Store): Promise<ReadonlyMap<CurrencyCode, number>> {
  const readers = store.read('ALL', deadlineIn(HELD_TIMEOUT_MS));
  const [totals = []] = await readers.positionTotals([{ where: { state: { in: OPEN_STATES } } }]);
  const sums = new Map<CurrencyCode, bigint>();
  for (const { currency, held } of totals) sums.set(currency, (sums.get(currency) ?? 0n) + held);
  return new Map([...sums].map(([currency, held]) => [currency, Number(formatMinorUnits(held, currency))]));
}
