import { templateConfigOf } from '../../src/domain/assetTemplate.ts';
import { revisionOf } from '../../src/domain/chatMessage.ts';
import { recordId } from '../../src/domain/idempotency.ts';
import type { Institution } from '../../src/domain/institution.ts';
import { newLedgerEvent, postingsOf } from '../../src/domain/ledgerEvent.ts';
import type { LifecycleEvent } from '../../src/domain/lifecycleEvent.ts';
import { SYSTEM } from '../../src/domain/viewer.ts';
import type { Store, TableName, Tables } from '../../src/store/store.ts';
import { aMark, aMessage, aSession } from '../store/chatRows.ts';
import { anAsset, anEvent, anInstitution, aPosition, aTemplate, nextId, START } from '../store/rows.ts';
import { fullTerms, rowsOfTerms } from '../store/termsRows.ts';
import { aDelivery, anEndpoint } from '../store/webhookRows.ts';

/** Rows of every table, all of one institution. A table added later must have some too. */
export type AllEntities = { readonly [T in TableName]: readonly Tables[T][] };

/** A word in the messages of every institution. */
export const WORD = 'lighthouse';

export function allEntities(institution: Institution = anInstitution()): AllEntities {
  const template = aTemplate(institution);
  const asset = anAsset(template);
  const position = aPosition(asset, { termsVersion: 1 });
  const event: LifecycleEvent = { ...anEvent(position, { moved: 5n }), apiKeyId: null };
  const ledgerEvent = newLedgerEvent(nextId('led'), event);
  const session = aSession(institution.id, { messageCount: 1 });
  const endpoint = anEndpoint(institution.id);
  const message = aMessage(session, 1, { body: `The ${WORD}` });
  return {
    institutions: [institution],
    assetTemplates: [template],
    templateConfigs: [templateConfigOf(template)],
    assets: [asset],
    positions: [position],
    ...rowsOfTerms(fullTerms(position)),
    lifecycleEvents: [event],
    ledgerEvents: [ledgerEvent],
    postings: postingsOf(ledgerEvent, { ...event, toState: 'FUNDED' }),
    chatSessions: [session],
    chatMessages: [message],
    chatRevisions: [revisionOf(message)],
    readMarks: [aMark(session, 'bob', 0)],
    webhookEndpoints: [endpoint],
    webhookDeliveries: [aDelivery(endpoint, 1, { objectId: position.id })],
    ...office(institution),
  };
}

/** Returns the rows that every institution has, without positions and chat. */
function office({ id: institutionId }: Institution) {
  const stamps = { version: 1, createdAt: START, updatedAt: START };
  const key = 'once';
  return {
    policies: [
      {
        id: nextId('pol'),
        institutionId,
        region: 'US',
        allowedCurrencies: null,
        allowedCountries: null,
        limits: [],
        ...stamps,
      },
    ],
    auditEvents: [
      {
        ...SYSTEM,
        id: nextId('aud'),
        institutionId,
        action: 'INSTITUTION_CREATED',
        outcome: 'SUCCESS',
        resourceType: null,
        resourceId: null,
        requestId: null,
        errorCode: null,
        payload: null,
        createdAt: START,
      },
    ],
    apiKeys: [
      {
        id: nextId('key'),
        institutionId,
        label: 'till',
        role: 'ADMIN',
        prefix: `eg_${institutionId}`,
        tokenHash: 'none',
        createdAt: START,
        expiresAt: null,
        revokedAt: null,
        lastUsedAt: null,
        followedById: null,
        version: 1,
      },
    ],
    idempotencyRecords: [
      {
        id: recordId(institutionId, 'createAsset', key),
        institutionId,
        mutation: 'createAsset',
        key,
        requestHash: '',
        answer: {},
        version: 1,
        createdAt: START,
      },
    ],
  } as const satisfies Partial<AllEntities>;
}

export const TABLES = Object.keys(allEntities()) as readonly TableName[];

/** Inserts all rows as root, and publishes a change of the position. */
export async function insertAllEntities(store: Store, rows: AllEntities): Promise<void> {
  await store.transact('ALL', async (tx) => {
    for (const name of TABLES) for (const row of rows[name]) tx[name].insert(row as never);
    const [position] = rows.positions;
    if (position) tx.publish(changeOf(position));
  });
}

export const changeOf = ({ institutionId, id }: Tables['positions']) =>
  ({ topic: 'POSITION', kind: 'CREATED', institutionId, objectId: id, detailId: null, createdAt: START }) as const;
