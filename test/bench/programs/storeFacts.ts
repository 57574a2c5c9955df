// What the memory store needs per object, and how fast objects are created through the command, without HTTP.
import { once } from 'node:events';
import { type CreatePosition, createPosition } from '../../../src/commands/position.ts';
import { createMemoryStore } from '../../../src/store/memory/index.ts';
import type { Store } from '../../../src/store/store.ts';
import { aSession } from '../../store/chatRows.ts';
import { anInstitution, keep } from '../../store/rows.ts';
import { heldBytes } from '../../support/heldBytes.ts';
import { fillData, positionInput } from '../data.ts';
import { commandContext } from './peerContext.ts';

/** How many objects are created. */
export interface StoreWork {
  readonly startMs: number;
  readonly positions: number;
  readonly sessions: number;
}

/** The figures of the store. */
export interface StoreFacts {
  /** The creates per second in each tenth of the positions. */
  readonly createsPerSecond: readonly number[];
  readonly cpuUsPerCreate: readonly number[];
  /** With the lifecycle event, the ledger event, the audit event and the change of each. */
  readonly bytesPerPosition: number;
  /** Without the index of the texts. */
  readonly bytesPerSession: number;
}

const TENTHS = 10;
const AT_ONCE = 1_000;

const [work] = (await once(process, 'message')) as [StoreWork];
const facts: StoreFacts = { ...(await createPositions(work)), bytesPerSession: await insertSessions(work) };
process.send?.(facts);
process.on('disconnect', () => process.exit());

async function createPositions({ startMs, positions }: StoreWork): Promise<Omit<StoreFacts, 'bytesPerSession'>> {
  const store = createMemoryStore();
  const { assetIds, institutionId } = await fillData(store, {
    startMs,
    positions: 0,
    sessions: 0,
    messagesPerSession: 1,
  });
  const context = commandContext(store, { role: 'ADMIN', institutionId });
  const before = heldBytes();
  const createsPerSecond: number[] = [];
  const cpuUsPerCreate: number[] = [];
  const count = Math.floor(positions / TENTHS);
  for (let tenth = 0; tenth < TENTHS; tenth += 1) {
    const began = performance.now();
    const cpuBefore = process.cpuUsage();
    for (let index = 0; index < count; index += 1) {
      // The strings of a request are new ones, which the store keeps.
      const input = JSON.parse(JSON.stringify(positionInput(assetIds, index))) as CreatePosition;
      await createPosition(context, input);
    }
    const { user, system } = process.cpuUsage(cpuBefore);
    createsPerSecond.push((count / (performance.now() - began)) * 1_000);
    cpuUsPerCreate.push((user + system) / count);
  }
  const bytesPerPosition = (heldBytes() - before) / (count * TENTHS);
  await reach(store);
  return { createsPerSecond, cpuUsPerCreate, bytesPerPosition };
}

async function insertSessions({ sessions }: StoreWork): Promise<number> {
  const store = createMemoryStore();
  const institution = anInstitution();
  await keep(store, { institutions: [institution] });
  const before = heldBytes();
  for (let from = 0; from < sessions; from += AT_ONCE) {
    const chatSessions = Array.from({ length: Math.min(AT_ONCE, sessions - from) }, (_, index) =>
      aSession(institution.id, {
        title: textOf(40, from + index),
        description: textOf(60, from + index),
        ownerReference: `owner-${index % 50}`,
        createdAt: Date.now() + index,
      }),
    );
    await keep(store, { chatSessions });
  }
  const bytes = (heldBytes() - before) / sessions;
  await reach(store);
  return bytes;
}

/** Returns a text of this length, flat like text from the network and not a slice of another. */
function textOf(length: number, index: number): string {
  return Buffer.from(
    `Delivery ${index} of the pier and release of the money, with the retained part`.padEnd(length, '.'),
  )
    .subarray(0, length)
    .toString('latin1');
}

/** Keeps the store reachable until it is measured. */
async function reach(store: Store): Promise<void> {
  await store.read('ALL').institutions.byIds([]);
}
