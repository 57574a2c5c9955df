import type { AuditEvent } from '../../src/domain/auditEvent.ts';
import type { Store } from '../../src/store/store.ts';
import { firstOf } from '../../src/store/window.ts';

export interface AuditLog {
  /** The failures, oldest first. */
  readonly events: readonly AuditEvent[];
  /** The size of their payloads as JSON. */
  readonly bytes: number;
}

/** Returns the failures in the audit log of an institution. */
export async function auditLogOf(store: Store, institutionId: string): Promise<AuditLog> {
  const window = firstOf<AuditEvent>({
    where: { outcome: { in: ['FAILURE'] } },
    order: { by: ['createdAt'], direction: 'ASC' },
    limit: 100_000,
  });
  const [page] = await store.read({ institutionId }).auditEvents.pages([window]);
  const events = page?.rows ?? [];
  return { events, bytes: events.reduce((sum, { payload }) => sum + Buffer.byteLength(JSON.stringify(payload)), 0) };
}

/** Returns the number of attempts that the events represent. Counted events contain their number. */
export const occurrencesOf = (events: readonly AuditEvent[]): number =>
  events.reduce((sum, { payload }) => sum + Number(payload?.['occurrences'] ?? 1), 0);
