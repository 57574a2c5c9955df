import { applyPositions } from '../commands/applyPositions.ts';
import { createAsset } from '../commands/asset.ts';
import { createAssetTemplate } from '../commands/assetTemplate.ts';
import type { PositionOperation } from '../commands/batch.ts';
import { postChatMessage } from '../commands/chatMessage.ts';
import { createChatSession } from '../commands/chatSession.ts';
import type { CommandContext } from '../commands/context.ts';
import { createInstitution } from '../commands/institution.ts';
import type { Id, IdPrefix } from '../domain/ids.ts';
import type { Store } from '../store/store.ts';
import { derivedId, FIRST_TIME } from './derivedId.ts';
import { randomFrom } from './random.ts';
import { sampleContext } from './sampleContext.ts';

/** The size of sample data. Equal sizes give equal rows, with equal ids and times, on each store. */
export interface DataSize {
  /** Data of different seeds has different ids, so that one store can have both. */
  readonly seed: number;
  readonly institutions: number;
  /** The number of positions of each institution. */
  readonly positions: number;
  /** The number of chat sessions of each institution. */
  readonly chatSessions: number;
  /** The number of messages of each chat session. */
  readonly messages: number;
}

const CURRENCIES = ['USD', 'EUR', 'JPY'] as const;
const POSITIONS_PER_ASSET = 20;
const MAX_ASSETS = 100;
const HOLDERS = 200;
/** The maximum number of positions that one transaction writes. */
const BATCH = 250;
/** The time between two commands, in ms. */
const STEP_MS = 1_000;

/** Returns the id of the first institution of the data with this seed. */
export const firstInstitutionOf = (seed: number): Id => derivedId(nameOf(seed), 'inst', 1);
const nameOf = (seed: number): string => `EscrowGrid seed ${seed}`;

/**
 * Writes sample data through the commands that clients use, so that every position has its events, its postings and its
 * audit events. The store must not have the data of this seed. `onProgress` is called with the number of positions that
 * are written.
 */
export async function writeSizedData(
  store: Store,
  size: DataSize,
  onProgress: (positions: number) => void = () => {},
): Promise<void> {
  const scene: Scene = { context: contextFor(store, size.seed), random: randomFrom(size.seed), size };
  let written = 0;
  for (let index = 1; index <= size.institutions; index += 1) {
    const institutionId = await writeInstitution(scene, index);
    const assets = await writeAssets(scene, institutionId);
    for (let from = 0; from < size.positions; from += BATCH) {
      const count = Math.min(BATCH, size.positions - from);
      await writePositions(scene, assets, count);
      if (written === 0) await store.analyze();
      onProgress((written += count));
    }
    await writeChat(scene, institutionId);
  }
}

interface Scene {
  /** Returns the context of the next command. */
  readonly context: () => CommandContext;
  readonly random: () => number;
  readonly size: DataSize;
}

/** An asset, with the currency of its template. */
interface SizedAsset {
  readonly id: Id;
  readonly currencyCode: (typeof CURRENCIES)[number];
}

function contextFor(store: Store, seed: number): () => CommandContext {
  const counts = new Map<IdPrefix, number>();
  const newId = (prefix: IdPrefix): Id => {
    const n = (counts.get(prefix) ?? 0) + 1;
    counts.set(prefix, n);
    return derivedId(nameOf(seed), prefix, n);
  };
  let now = FIRST_TIME;
  return () => {
    const at = (now += STEP_MS);
    return sampleContext({ store, clock: () => at, newId });
  };
}

async function writeInstitution({ context, size: { seed } }: Scene, index: number): Promise<Id> {
  const name = `Sample Bank ${seed}-${index}`;
  const { institution } = await createInstitution(context(), { name, regions: ['US', 'EU_UK', 'SG'] });
  return institution.id;
}

async function writeAssets({ context, size }: Scene, institutionId: Id): Promise<readonly SizedAsset[]> {
  const templates: { readonly templateId: Id; readonly currencyCode: SizedAsset['currencyCode'] }[] = [];
  for (const currencyCode of CURRENCIES) {
    const { assetTemplate } = await createAssetTemplate(context(), {
      institutionId,
      code: 'CONSTR_ESCROW',
      name: `Construction escrow in ${currencyCode}`,
      vertical: 'CONSTRUCTION',
      region: 'US',
      config: { currency: currencyCode, region: 'US' },
    });
    templates.push({ templateId: assetTemplate.id, currencyCode });
  }
  const count = Math.min(MAX_ASSETS, Math.ceil(size.positions / POSITIONS_PER_ASSET));
  const assets: SizedAsset[] = [];
  for (let index = 0; index < count; index += 1) {
    const { templateId, currencyCode } = templates[index % templates.length] as (typeof templates)[number];
    const metadata = { site: `site ${index % 10}`, permit: `B-${index}` };
    const { asset } = await createAsset(context(), { templateId, label: `Pier ${index}`, metadata });
    assets.push({ id: asset.id, currencyCode });
  }
  return assets;
}

/** Creates positions and moves them: about one of five stays as it was created, and the others are in all states. */
async function writePositions(scene: Scene, assets: readonly SizedAsset[], count: number): Promise<void> {
  const { random } = scene;
  const ids = await apply(
    scene,
    Array.from({ length: count }, () => {
      const { id: assetId, currencyCode } = pick(assets, random);
      const amount = { amount: `${100 + Math.floor(random() * 1e6)}`, currencyCode };
      return { create: { assetId, holderReference: `holder-${Math.floor(random() * HOLDERS)}`, amount } };
    }),
  );
  const lives = ids.map((positionId) => ({ positionId, life: pick(LIVES, random) }));
  for (let step = 0; step < LONGEST_LIFE; step += 1) {
    const moves = lives.flatMap(({ positionId, life }) => {
      const move = life[step];
      return move ? [{ transition: { positionId, ...move } }] : [];
    });
    await apply(scene, moves);
  }
}

type Transition = NonNullable<PositionOperation['transition']>;

/** The lives of positions after their creation. */
const LIVES: readonly (readonly Omit<Transition, 'positionId'>[])[] = [
  [],
  [{ toState: 'FUNDED', reason: 'Wire received' }],
  [{ toState: 'FUNDED' }, { toState: 'PARTIALLY_RELEASED', amount: '50', reason: 'Milestone 1 accepted' }],
  [{ toState: 'FUNDED' }, { toState: 'PARTIALLY_RELEASED', amount: '25' }, { toState: 'RELEASED' }],
  [{ toState: 'FUNDED' }, { toState: 'CANCELLED', reason: 'Contract not signed' }],
];
const LONGEST_LIFE = Math.max(...LIVES.map((life) => life.length));

const pick = <V>(values: readonly V[], random: () => number): V => values[Math.floor(random() * values.length)] as V;

/** Applies operations that must all succeed, and returns the ids of their positions. */
async function apply({ context }: Scene, operations: readonly PositionOperation[]): Promise<readonly Id[]> {
  if (operations.length === 0) return [];
  const { results } = await applyPositions(context(), { operations, atomic: true, dryRun: false });
  return results.map((result) => {
    if (result.status !== 'APPLIED') throw new Error(`An operation was not applied: ${JSON.stringify(result)}`);
    return result.position.id;
  });
}

async function writeChat({ context, random, size }: Scene, institutionId: Id): Promise<void> {
  for (let index = 0; index < size.chatSessions; index += 1) {
    const ownerReference = `clerk-${index % 20}`;
    const title = `Delivery of pier ${index}`;
    const { chatSession } = await createChatSession(context(), { institutionId, ownerReference, title });
    for (let message = 0; message < size.messages; message += 1) {
      const authorReference = message % 2 === 0 ? ownerReference : `holder-${Math.floor(random() * HOLDERS)}`;
      const body = `Message ${message} about the invoice ${Math.floor(random() * 1_000)} and the release of the money.`;
      await postChatMessage(context(), { chatSessionId: chatSession.id, authorReference, body });
    }
  }
}
