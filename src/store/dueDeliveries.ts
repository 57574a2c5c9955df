import type { Id } from '../domain/ids.ts';
import type { Instant } from '../domain/time.ts';

/** Selects deliveries of webhooks whose next attempt is due. */
export interface DueDeliveries {
  readonly now: Instant;
  /** The maximum numbers of deliveries in all and per endpoint. */
  readonly limit: number;
  readonly perEndpoint: number;
  /** Endpoints whose deliveries are left out. */
  readonly except: readonly Id[];
}
