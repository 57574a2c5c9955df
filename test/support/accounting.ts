import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { beforeAll, expect } from 'vitest';
import type { AppOptions } from '../../src/app.ts';
import { DEFAULTS } from '../../src/settings.ts';
import type { MutationName as Any } from '../../src/domain/auditEvent.ts';
import type { Viewer } from '../../src/domain/viewer.ts';
import { LAYOUTS } from '../../src/store/memory/layouts.ts';
import type { Store, TableName } from '../../src/store/store.ts';
import {
  ApplyPositionsDocument,
  type AuditEventFilter,
  AuditEventsDocument,
  type AuditPartsFragment,
  CancelPositionOnceDocument,
  CreateAssetOnceDocument,
  CreateAssetTemplateOnceDocument,
  CreateInstitutionOnceDocument,
  CreatePositionOnceDocument,
  DeletePolicyDocument,
  ExpirePositionOnceDocument,
  FundPositionOnceDocument,
  type LedgerPartsFragment,
  type PositionPartsFragment,
  ReleasePositionOnceDocument,
  SetPolicyDocument,
  TransitionPositionOnceDocument,
  UpdateAssetDocument,
  UpdateAssetTemplateDocument,
  UpdateInstitutionDocument,
  UpdatePositionDocument,
} from '../api/documents/graphql.ts';
import { mustBeClean, type Outcome } from './answers.ts';
import { type Deal, makeDeal } from './deal.ts';
import { serve, type TestServer } from './server.ts';
import type { OpenStore } from './stores.ts';

/** Every mutation, with all that its payload tells. */
export const DOCUMENTS = {
  createInstitution: CreateInstitutionOnceDocument,
  createAssetTemplate: CreateAssetTemplateOnceDocument,
  createAsset: CreateAssetOnceDocument,
  createPosition: CreatePositionOnceDocument,
  updateInstitution: UpdateInstitutionDocument,
  updateAssetTemplate: UpdateAssetTemplateDocument,
  updateAsset: UpdateAssetDocument,
  updatePosition: UpdatePositionDocument,
  transitionPosition: TransitionPositionOnceDocument,
  fundPosition: FundPositionOnceDocument,
  releasePosition: ReleasePositionOnceDocument,
  cancelPosition: CancelPositionOnceDocument,
  expirePosition: ExpirePositionOnceDocument,
  applyPositions: ApplyPositionsDocument,
  setPolicy: SetPolicyDocument,
  deletePolicy: DeletePolicyDocument,
} as const satisfies { readonly [M in MutationName]: TypedDocumentNode<unknown, never> };
/** The mutations of escrow; those of chat and of keys have tests of their own. */
export type MutationName = Exclude<Any, `${string}Chat${string}` | `${string}ApiKey`>;
export const MUTATIONS = Object.keys(DOCUMENTS) as readonly MutationName[];

/** What came back, whichever mutation it was. */
export interface Reply extends Outcome {
  readonly replayed?: boolean;
  readonly position?: PositionPartsFragment;
  readonly event?: { readonly id: string; readonly sequence: number };
  readonly ledgerEvent?: LedgerPartsFragment;
  readonly institution?: { readonly id: string };
  readonly conflictingId?: string | null;
  readonly policy?: { readonly id: string; readonly version: number };
  readonly results?: readonly (Omit<Reply, '__typename'> & {
    readonly status: string;
    readonly error: Outcome | null;
  })[];
  readonly committed?: boolean;
}

/** Calls a mutation; whatever it answers is clean. */
export async function call(
  server: TestServer,
  mutation: MutationName,
  input: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<Reply> {
  const answer = await server.ask<Record<string, Reply>>(DOCUMENTS[mutation], { input }, headers);
  mustBeClean(server, answer);
  expect(answer.errors).toBeUndefined();
  return answer.data?.[mutation] as Reply;
}

/** The same, which must succeed. */
export async function did(server: TestServer, mutation: MutationName, input: object): Promise<Reply> {
  const reply = await call(server, mutation, input);
  if (reply.code !== undefined) throw new Error(`${mutation} was refused: ${JSON.stringify(reply)}`);
  return reply;
}

const TABLES = Object.keys(LAYOUTS) as readonly TableName[];
/** How many rows there are of each kind. */
export async function countsOf(store: Store): Promise<{ readonly [T in TableName]: number }> {
  const counted = await store.snapshot('ALL', (read) =>
    Promise.all(TABLES.map(async (name) => [name, (await read[name].counts([{ where: {} }]))[0]] as const)),
  );
  return Object.fromEntries(counted) as { [T in TableName]: number };
}

/** How many rows more there are of each kind after the work; kinds that did not grow are left out. */
export async function grownBy(store: Store, work: () => Promise<unknown>): Promise<{ [T in TableName]?: number }> {
  const before = await countsOf(store);
  await work();
  const after = await countsOf(store);
  const grown = Object.entries(after).map(([name, count]) => [name, count - before[name as TableName]] as const);
  return Object.fromEntries(grown.filter(([, by]) => by !== 0));
}

/** The newest part of the trail, newest first. */
export async function trailOf(
  server: TestServer,
  filter: AuditEventFilter = {},
): Promise<readonly AuditPartsFragment[]> {
  const { auditEvents } = await server.run(AuditEventsDocument, { filter, first: 100 });
  return auditEvents?.nodes ?? [];
}

export interface Scene {
  readonly store: Store;
  readonly server: TestServer;
  readonly deal: Deal;
  /** Another institution's. */
  readonly other: Deal;
}

/** Longer lists and larger responses than a request may have, so that the commands apply their own limits. */
export const LONG_LISTS: Partial<AppOptions> = {
  settings: {
    operations: { ...DEFAULTS.operations, cost: 10_000_000, listValues: 100_000 },
    responses: { bytes: 2 ** 30, bufferBytes: 2 ** 32 },
  },
};

/** Two institutions in a store of their own. */
export function sceneOn(open: OpenStore, options: Partial<AppOptions> = {}): Scene {
  const scene = {} as { -readonly [K in keyof Scene]: Scene[K] };
  beforeAll(async () => {
    scene.store = await open();
    scene.server = serve(scene.store, options);
    scene.deal = await makeDeal(scene.server);
    scene.other = await makeDeal(scene.server);
  });
  return scene;
}

/** Does the work as somebody else. */
export async function as<T>(server: TestServer, viewer: Viewer, work: () => Promise<T>): Promise<T> {
  const before = server.viewer;
  server.viewer = viewer;
  try {
    return await work();
  } finally {
    server.viewer = before;
  }
}

export const UNKNOWN = 'pos_00000000000000000000000000';
/** An input of createPosition that does. */
export const opening = ({ assetId }: Deal, patch: object = {}): object => ({
  assetId,
  holderReference: 'holder',
  amount: { amount: '100.00', currencyCode: 'USD' },
  ...patch,
});
/** So many of what the index makes. */
export const times = <V>(count: number, make: (at: number) => V): V[] =>
  Array.from({ length: count }, (_one, at) => make(at));
