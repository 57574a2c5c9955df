// Makes positions and chat messages for benchmarks, and writes them straight into a store in large batches.
import { randomFrom } from '../../src/demo/random.ts';
import type { Asset } from '../../src/domain/asset.ts';
import type { AssetTemplate } from '../../src/domain/assetTemplate.ts';
import type { ChatMessage } from '../../src/domain/chatMessage.ts';
import type { ChatSession } from '../../src/domain/chatSession.ts';
import type { Institution } from '../../src/domain/institution.ts';
import { POSITION_STATES } from '../../src/domain/lifecycle.ts';
import type { Position } from '../../src/domain/position.ts';
import type { Store, Writers } from '../../src/store/store.ts';
import { aDeal, anAsset, aPosition, currency, nextId } from '../store/rows.ts';

const BATCH_ROWS = 10_000;
const ASSETS = 50;
const MESSAGES_PER_SESSION = 100;
const HOLDERS = 200;
const CURRENCIES = [currency('USD'), currency('USD'), currency('EUR'), currency('JPY')] as const;
const YEAR_MS = 365 * 86_400_000;
export const GENERATED_FROM = Date.parse('2026-01-01T00:00:00.000Z');

/** The objects above the generated positions. */
export interface Generated {
  readonly institution: Institution;
  readonly template: AssetTemplate;
  readonly assets: readonly Asset[];
  readonly sessions: readonly ChatSession[];
}

/** Writes rows in batches, each in one transaction. */
async function inBatches<R>(
  store: Store,
  count: number,
  rowAt: (index: number) => R,
  write: (tx: Writers, row: R) => void,
) {
  for (let from = 0; from < count; from += BATCH_ROWS) {
    await store.transact('ALL', async (tx) => {
      for (let index = from; index < Math.min(count, from + BATCH_ROWS); index += 1) write(tx, rowAt(index));
    });
  }
}

/** Fills a store with positions of one institution, and with messages in sessions of 100. */
export async function generate(
  store: Store,
  positions: number,
  messages: number,
  sessionCount = Math.ceil(messages / MESSAGES_PER_SESSION),
): Promise<Generated> {
  const { institution, template } = aDeal();
  const random = randomFrom(1);
  const assets = Array.from({ length: ASSETS }, (_one, index) => anAsset(template, { label: `Asset ${index}` }));
  await store.transact('ALL', async (tx) => {
    tx.institutions.insert(institution);
    tx.assetTemplates.insert(template);
    for (const asset of assets) tx.assets.insert(asset);
  });
  await inBatches(
    store,
    positions,
    (index) => positionAt(assets, index, random),
    (tx, row) => tx.positions.insert(row),
  );
  const sessions = Array.from({ length: sessionCount }, (_one, index) => sessionAt(institution, index));
  await inBatches(
    store,
    sessions.length,
    (index) => sessions[index] as ChatSession,
    (tx, row) => tx.chatSessions.insert(row),
  );
  await inBatches(
    store,
    messages,
    (index) => messageAt(sessions[Math.floor(index / MESSAGES_PER_SESSION)] as ChatSession, index),
    (tx, row) => tx.chatMessages.insert(row),
  );
  return { institution, template, assets, sessions };
}

function positionAt(assets: readonly Asset[], index: number, random: () => number): Position {
  const state = POSITION_STATES[Math.floor(random() * POSITION_STATES.length)] ?? 'CREATED';
  const amount = BigInt(2 + Math.floor(random() * 1e7));
  return aPosition(assets[Math.floor(random() * assets.length)] as Asset, {
    id: nextId('pos'),
    holderReference: `holder ${Math.floor(random() * HOLDERS)}`,
    externalReference: `ref ${Math.floor(random() * 1e9)}`,
    currency: CURRENCIES[Math.floor(random() * CURRENCIES.length)] ?? CURRENCIES[0],
    amount,
    state,
    ...heldIn(state, amount),
    expiresAt: random() < 0.3 ? null : GENERATED_FROM + Math.floor(random() * YEAR_MS),
    createdAt: GENERATED_FROM + index,
    updatedAt: GENERATED_FROM + Math.floor(random() * YEAR_MS),
  });
}

/** Returns what has happened to the amount, in minor units. */
function heldIn(state: Position['state'], amount: bigint): Pick<Position, 'held' | 'released'> {
  if (state === 'FUNDED') return { held: amount, released: 0n };
  if (state === 'PARTIALLY_RELEASED') return { held: amount - 1n, released: 1n };
  return { held: 0n, released: state === 'RELEASED' ? amount : 0n };
}

function sessionAt({ id }: Institution, index: number): ChatSession {
  const at = GENERATED_FROM + index;
  return {
    id: nextId('chat'),
    institutionId: id,
    positionId: null,
    ownerReference: `owner ${index % HOLDERS}`,
    title: `Pier ${index}`,
    description: null,
    priority: 2,
    active: true,
    deleted: false,
    deletedAt: null,
    edition: 1,
    messageCount: MESSAGES_PER_SESSION,
    createdAt: at,
    updatedAt: at,
    lastActivityAt: at + (index % 977),
    version: 1,
  };
}

const messageAt = ({ id, institutionId }: ChatSession, index: number): ChatMessage => ({
  id: nextId('msg'),
  institutionId,
  sessionId: id,
  sequence: 1 + (index % MESSAGES_PER_SESSION),
  authorReference: `author ${index % 3}`,
  body: `The invoice ${index % 1_000} of pier ${index % 77}`,
  replyToId: null,
  idempotencyKey: null,
  version: 1,
  createdAt: GENERATED_FROM + index,
  editedAt: null,
  deletedAt: null,
  deletionReason: null,
});
