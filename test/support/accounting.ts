import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { beforeAll, expect } from 'vitest';
import type { AppOptions } from '../../src/app.ts';
import type { MutationName as Any } from '../../src/domain/auditEvent.ts';
import type { Viewer } from '../../src/domain/viewer.ts';
import { DEFAULTS } from '../../src/settings.ts';
import { LAYOUTS } from '../../src/store/memory/layouts.ts';
import type { Store, TableName } from '../../src/store/store.ts';
import {
  AgreeToPositionOnceDocument,
  AmendPositionOnceDocument,
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
  RefundPositionOnceDocument,
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

/** The document of every mutation, which selects the complete payload. */
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
  refundPosition: RefundPositionOnceDocument,
  amendPosition: AmendPositionOnceDocument,
  agreeToPosition: AgreeToPositionOnceDocument,
  cancelPosition: CancelPositionOnceDocument,
  expirePosition: ExpirePositionOnceDocument,
  applyPositions: ApplyPositionsDocument,
  setPolicy: SetPolicyDocument,
  deletePolicy: DeletePolicyDocument,
} as const satisfies { readonly [M in MutationName]: TypedDocumentNode<unknown, never> };
/** The mutations of escrow. Those of chat, of API keys and of webhooks have separate tests. */
export type MutationName = Exclude<Any, `${string}Chat${string}` | `${string}ApiKey` | `${string}Webhook${string}`>;
export const MUTATIONS = Object.keys(DOCUMENTS) as readonly MutationName[];

/** The result of any mutation. */
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

/** Calls a mutation, and checks that the response is clean. */
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

/** Calls a mutation that must succeed. */
export async function did(server: TestServer, mutation: MutationName, input: object): Promise<Reply> {
  const reply = await call(server, mutation, input);
  if (reply.code !== undefined) throw new Error(`${mutation} was refused: ${JSON.stringify(reply)}`);
  return reply;
}

const TABLES = Object.keys(LAYOUTS) as readonly TableName[];
/** Counts the rows of each table. */
export async function countsOf(store: Store): Promise<{ readonly [T in TableName]: number }> {
  const counted = await store.snapshot('ALL', (read) =>
    Promise.all(TABLES.map(async (name) => [name, (await read[name].counts([{ where: {} }]))[0]] as const)),
  );
  return Object.fromEntries(counted) as { [T in TableName]: number };
}

/** Returns how many rows the work added to each table, without tables that did not grow. */
export async function grownBy(store: Store, work: () => Promise<unknown>): Promise<{ [T in TableName]?: number }> {
  const before = await countsOf(store);
  await work();
  const after = await countsOf(store);
  const grown = Object.entries(after).map(([name, count]) => [name, count - before[name as TableName]] as const);
  return Object.fromEntries(grown.filter(([, by]) => by !== 0));
}

/** Returns the newest audit events, newest first. */
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
  /** A deal of another institution. */
  readonly other: Deal;
}

/** Allows longer lists and larger responses than usual, so that the commands apply their own limits. */
export const LONG_LISTS: Partial<AppOptions> = {
  settings: {
    operations: { ...DEFAULTS.operations, cost: 10_000_000, listValues: 100_000 },
    responses: { bytes: 2 ** 30, bufferBytes: 2 ** 32 },
  },
};

/** Creates two institutions in a new store. */
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

/** Runs the work as another viewer. */
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
/** Returns a valid input of createPosition. */
export const opening = ({ assetId }: Deal, patch: object = {}): object => ({
  assetId,
  holderReference: 'holder',
  amount: { amount: '100.00', currencyCode: 'USD' },
  ...patch,
});
/** Returns the given number of values, made from their index. */
export const times = <V>(count: number, make: (index: number) => V): V[] =>
  Array.from({ length: count }, (_one, index) => make(index));
