import type { AuditEvent } from '../domain/auditEvent.ts';
import type { Change, ChangeTopic } from '../domain/change.ts';
import { formatInstant } from '../domain/time.ts';
import type { Store, TableWriters, Writer, Writers } from '../store/store.ts';
import { eachTable } from '../store/tables.ts';

/** The subscription that delivers the changes of a topic. */
const SUBSCRIPTION = {
  POSITION: 'positionChanged',
  CHAT_SESSION: 'chatSessionChanged',
  CHAT_MESSAGE: 'chatMessageChanged',
} as const satisfies Record<ChangeTopic, string>;

/** A change as subscribers receive it: which object has changed. */
export interface RecordedChange extends Omit<Change, 'topic' | 'createdAt'> {
  /** The subscription that delivers the change. */
  readonly type: (typeof SUBSCRIPTION)[ChangeTopic];
  /** The time of the change, as the API returns it. */
  readonly createdAt: string;
}

/** An event of the audit log. */
export interface RecordedAuditEvent extends Omit<AuditEvent, 'createdAt'> {
  readonly type: 'auditEvent';
  /** The time of the event, as the API returns it. */
  readonly createdAt: string;
}

/** A change or an audit event. `type` distinguishes them. */
export type RecordedEvent = RecordedChange | RecordedAuditEvent;

/** Returns the same store. `record` receives the changes and the audit events of each transaction after its commit. */
export function recordingStore<S extends Store>(store: S, record: (events: readonly RecordedEvent[]) => void): S {
  const transact: Store['transact'] = async (scope, work, until) => {
    let events: RecordedEvent[] = [];
    const result = await store.transact(
      scope,
      (tx) => {
        // The store may run the work again.
        events = [];
        return work(recordingWriters(tx, (event) => events.push(event)));
      },
      until,
    );
    record(events);
    return result;
  };
  return { ...store, transact };
}

const recordingWriters = (tx: Writers, add: (event: RecordedEvent) => void): Writers => ({
  ...eachTable<TableWriters>((name) => tx[name]),
  auditEvents: recordingWriter(tx.auditEvents, add),
  rulesOf: (positionIds) => tx.rulesOf(positionIds),
  lockDue: (now, limit) => tx.lockDue(now, limit),
  lockPurgeable: (deletedBefore, limit) => tx.lockPurgeable(deletedBefore, limit),
  takeChanges: (limit) => tx.takeChanges(limit),
  lockDueDeliveries: (due) => tx.lockDueDeliveries(due),
  advisoryLock: (what) => tx.advisoryLock(what),
  checkCapacity: (newObjects) => tx.checkCapacity(newObjects),
  publish: (change) => {
    tx.publish(change);
    const { topic, createdAt, ...others } = change;
    add(Object.freeze({ type: SUBSCRIPTION[topic], ...others, createdAt: formatInstant(createdAt) }));
  },
});

const recordingWriter = (writer: Writer<AuditEvent>, add: (event: RecordedAuditEvent) => void): Writer<AuditEvent> => ({
  byIds: (ids) => writer.byIds(ids),
  pages: (windows) => writer.pages(windows),
  counts: (selections) => writer.counts(selections),
  lock: (ids) => writer.lock(ids),
  replace: (...change) => writer.replace(...change),
  remove: (event) => writer.remove(event),
  insert: (event) => {
    writer.insert(event);
    add(Object.freeze({ type: 'auditEvent', ...event, createdAt: formatInstant(event.createdAt) }));
  },
});
