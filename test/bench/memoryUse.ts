// Prints the memory that a position with its events, audit and change, and a chat session need in the memory store.
import { createAsset } from '../../src/commands/asset.ts';
import { createAssetTemplate } from '../../src/commands/assetTemplate.ts';
import type { CommandContext } from '../../src/commands/context.ts';
import { UNBOUNDED_FAILED_ATTEMPTS } from '../../src/commands/failedAttempts.ts';
import { createInstitution } from '../../src/commands/institution.ts';
import { createStoredLedger } from '../../src/commands/ledger.ts';
import { createPosition } from '../../src/commands/position.ts';
import { createIds } from '../../src/ids.ts';
import { createMemoryStore, type MemoryStore } from '../../src/store/memory/index.ts';
import { heldBytes } from '../support/heldBytes.ts';
import { generate } from './generate.ts';

const POSITIONS = 100_000;
const SESSIONS = 10_000;
const WARM_UP = 2_000;

/** Returns a function that creates positions through the command, without HTTP, and what it needs. */
export async function positionCreator(store: MemoryStore): Promise<(index: number) => Promise<unknown>> {
  const newId = createIds(Date.now);
  const context: CommandContext = {
    viewer: { role: 'ROOT' },
    store,
    ledger: createStoredLedger(newId),
    clock: Date.now,
    newId,
    idempotencyRetentionMs: 86_400_000,
    chatLimits: { sessions: null, messagesPerSession: 10_000 },
    apiKeysPerInstitution: 100,
    newToken: () => ({ token: '', prefix: '', tokenHash: '' }) as never,
    requestId: null,
    failedAttempts: UNBOUNDED_FAILED_ATTEMPTS,
  };
  const { institution } = await createInstitution(context, { name: 'B', regions: ['US'], verticals: ['CONSTRUCTION'] });
  const { assetTemplate } = await createAssetTemplate(context, {
    institutionId: institution.id,
    code: 'CONSTR_ESCROW',
    name: 'E',
    vertical: 'CONSTRUCTION',
    region: 'US',
    config: { currency: 'USD', region: 'US' },
  });
  const { asset } = await createAsset(context, { templateId: assetTemplate.id, label: 'A' });
  return (index) =>
    createPosition(context, {
      assetId: asset.id,
      holderReference: `holder ${index % 50}`,
      amount: { amount: `${100 + (index % 5_000)}.00`, currencyCode: 'USD' },
    });
}

/** Prints bytes per position and per session after garbage collection, and creates per second through the command. */
export async function benchMemoryUse(): Promise<void> {
  const sessions = createMemoryStore();
  const empty = heldBytes();
  const world = await generate(sessions, 0, 0, SESSIONS);
  const all = (heldBytes() - empty) / 2 ** 20;
  process.stdout.write(
    `memory of ${world.sessions.length} sessions, whose words are not indexed yet: ${all.toFixed(1)} MB\n`,
  );
  const store = createMemoryStore();
  const create = await positionCreator(store);
  for (let index = 0; index < WARM_UP; index += 1) await create(index);
  const before = heldBytes();
  const began = process.cpuUsage();
  const at = performance.now();
  for (let index = 0; index < POSITIONS; index += 1) await create(index);
  const ms = performance.now() - at;
  const { user, system } = process.cpuUsage(began);
  const bytes = (heldBytes() - before) / POSITIONS;
  const cpu = ((user + system) / POSITIONS).toFixed(1);
  process.stdout.write(
    `createPosition through the command: ${((POSITIONS / ms) * 1_000).toFixed(0)}/s, ${cpu} us of CPU\n`,
  );
  process.stdout.write(
    `memory per position with its event, ledger event, audit event and change: ${bytes.toFixed(0)} bytes\n`,
  );
}

if (process.argv[1]?.endsWith('memoryUse.ts')) await benchMemoryUse();
