import type { AuditEvent } from '../../src/domain/auditEvent.ts';
import { CURRENCY_CODES } from '../../src/domain/currencies.ts';
import { LIMITS } from '../../src/domain/limits.ts';
import type { Store } from '../../src/store/store.ts';
import { aMessage, aSession } from '../store/chatRows.ts';
import { anAsset, anEvent, anInstitution, aPosition, aTemplate, keep, nextId, START } from '../store/rows.ts';

/** Ids of objects in a full store. */
export interface Filled {
  readonly institutionId: string;
  readonly otherInstitutionId: string;
  readonly positionId: string;
  readonly sessionId: string;
  readonly assetId: string;
}

const POSITIONS = 100_000;
const ASSETS = 100;
/** The number of positions with 100 events, and of sessions with 100 messages. */
const WITH_CHILDREN = 100;
const CHILDREN = 100;
const SESSIONS = 5_000;
const AUDIT_EVENTS = 200;
const AT_ONCE = 1_000;

/** Returns a JSON object of nearly the maximum size, with many small values. */
const largeJson = (seed: number): { readonly [key: string]: string } => {
  const entries: [string, string][] = [];
  const entry = '"key-1234":"value-1234567",'.length;
  for (let bytes = 2; bytes + entry < LIMITS.jsonBytes; bytes += entry) {
    entries.push([`key-${String(entries.length).padStart(4, '0')}`, `value-${String(seed).padStart(7, '0')}`]);
  }
  return Object.fromEntries(entries);
};

const inParts = async <T>(rows: readonly T[], write: (part: readonly T[]) => Promise<void>): Promise<void> => {
  for (let from = 0; from < rows.length; from += AT_ONCE) await write(rows.slice(from, from + AT_ONCE));
};

/**
 * Fills a store with an institution of 100,000 positions whose texts have the maximum length, and a second institution.
 */
export async function fillStore(store: Store): Promise<Filled> {
  const [institution, other] = [anInstitution(), anInstitution({ name: 'Other' })];
  const template = aTemplate(institution);
  const assets = Array.from({ length: ASSETS }, (_, index) =>
    anAsset(template, { label: 'l'.repeat(LIMITS.nameCharacters), metadata: largeJson(index) }),
  );
  await keep(store, { institutions: [institution, other], assetTemplates: [template], assets });
  const positions = Array.from({ length: POSITIONS }, (_, index) => {
    const currency = CURRENCY_CODES[index % CURRENCY_CODES.length] as (typeof CURRENCY_CODES)[number];
    const asset = assets[index % ASSETS] as (typeof assets)[number];
    const metadata = index >= POSITIONS - ASSETS ? asset.metadata : {};
    const position = aPosition(asset, { currency, amount: BigInt(index + 1), metadata, createdAt: START + index });
    return index % 2 === 0 ? position : { ...position, state: 'FUNDED' as const, held: position.amount };
  });
  await inParts(positions, (part) => keep(store, { positions: part }));
  const busy = positions.slice(-WITH_CHILDREN);
  const reason = 'r'.repeat(LIMITS.reasonCharacters);
  for (const position of busy) {
    const events = Array.from({ length: CHILDREN }, (_, index) =>
      anEvent({ ...position, sequence: index + 1 }, { reason, moved: 1n }),
    );
    await keep(store, { lifecycleEvents: events });
  }
  const sessions = Array.from({ length: SESSIONS }, (_, index) =>
    aSession(institution.id, { title: `Pier ${index}`, positionId: (busy[index % busy.length] as { id: string }).id }),
  );
  await inParts(sessions, (part) => keep(store, { chatSessions: part }));
  const body = 'word '.repeat(LIMITS.bodyCharacters / 5);
  for (const session of sessions.slice(-WITH_CHILDREN)) {
    const messages = Array.from({ length: CHILDREN }, (_, index) => aMessage(session, index + 1, { body }));
    await keep(store, { chatMessages: messages });
  }
  await inParts(
    Array.from({ length: AUDIT_EVENTS }, (_, index) => anAuditEvent(institution.id, index)),
    (part) =>
      store.transact('ALL', async (tx) => {
        for (const event of part) tx.auditEvents.insert(event);
      }),
  );
  const last = <T>(rows: readonly T[]): T => rows.at(-1) as T;
  return {
    institutionId: institution.id,
    otherInstitutionId: other.id,
    positionId: last(positions).id,
    sessionId: last(sessions).id,
    assetId: last(assets).id,
  };
}

const anAuditEvent = (institutionId: string, index: number): AuditEvent => ({
  id: nextId('aud'),
  institutionId,
  action: 'ASSET_CREATED',
  outcome: 'SUCCESS',
  actorKind: 'ROOT',
  apiKeyId: null,
  resourceType: null,
  resourceId: null,
  requestId: null,
  errorCode: null,
  payload: largeJson(index),
  createdAt: START + index,
});
