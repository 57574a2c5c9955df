import { Counter, Histogram, type Registry } from 'prom-client';
import {
  OUTCOMES,
  type Outcome,
  REQUEST_TYPES,
  type RequestEntry,
  type RequestEvent,
} from '../server/requestRecord.ts';

/** The upper bounds of the durations that are counted together, in seconds. */
const DURATION_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** The maximum number of different error codes. The server has fewer; others would be counted together. */
const MAX_CODES = 100;
const OTHER = 'OTHER';

/** The type of a request whose document is not valid. */
const NO_TYPE = 'none';
type TypeLabel = (typeof REQUEST_TYPES)[number] | typeof NO_TYPE;
const TYPES: readonly TypeLabel[] = [...REQUEST_TYPES, NO_TYPE];

/** The series of one type and outcome. */
interface Series {
  readonly requests: Counter.Internal;
  readonly durations: Histogram.Internal<'type' | 'outcome'>;
}

/** Counts requests, their durations and their errors. */
export class RequestMetrics {
  readonly #series: { readonly [T in TypeLabel]: { readonly [O in Outcome]: Series } };
  readonly #errors: Counter<'code'>;
  readonly #codes = new Map<string, Counter.Internal>();

  constructor(registry: Registry) {
    const registers = [registry];
    const labelNames = ['type', 'outcome'] as const;
    const requests = new Counter({
      name: 'escrowgrid_requests_total',
      help: 'Requests by type of operation and outcome. A subscription counts when it ends.',
      labelNames,
      registers,
    });
    const durations = new Histogram({
      name: 'escrowgrid_request_duration_seconds',
      help: 'Durations of requests, without subscriptions.',
      labelNames,
      buckets: DURATION_BUCKETS,
      registers,
    });
    this.#errors = new Counter({
      name: 'escrowgrid_errors_total',
      help: 'Requests by the codes of their errors and user errors.',
      labelNames: ['code'],
      registers,
    });
    const seriesOf = (type: TypeLabel, outcome: Outcome): Series => {
      const labels = { type, outcome };
      requests.inc(labels, 0);
      return { requests: requests.labels(labels), durations: durations.labels(labels) };
    };
    this.#series = recordOf(TYPES, (type) => recordOf(OUTCOMES, (outcome) => seriesOf(type, outcome)));
  }

  /** Counts an event of the log. The start of a subscription is not counted. */
  count(event: RequestEvent, { type, outcome, durationMs, errors }: RequestEntry): void {
    if (event === 'subscription started') return;
    const { requests, durations } = this.#series[type ?? NO_TYPE][outcome];
    requests.inc();
    if (type !== 'subscription') durations.observe(durationMs / 1_000);
    for (const code of errors) this.#counterOf(code).inc();
  }

  #counterOf(code: string): Counter.Internal {
    const known = this.#codes.get(code);
    if (known) return known;
    const counter = this.#errors.labels({ code: this.#codes.size < MAX_CODES ? code : OTHER });
    if (this.#codes.size < MAX_CODES) this.#codes.set(code, counter);
    return counter;
  }
}

/** Makes one value per name. Object.fromEntries does not know that all names are there. */
const recordOf = <K extends string, V>(names: readonly K[], make: (name: K) => V): { readonly [N in K]: V } =>
  Object.fromEntries(names.map((name) => [name, make(name)])) as { readonly [N in K]: V };
