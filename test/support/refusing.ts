import { beforeAll, expect } from 'vitest';
import type { Viewer } from '../../src/domain/viewer.ts';
import type { Store } from '../../src/store/store.ts';
import {
  CancelPositionDocument,
  CreateAssetDocument,
  CreateAssetTemplateDocument,
  CreateInstitutionDocument,
  CreatePositionDocument,
  ExpirePositionDocument,
  FundPositionDocument,
  ReleasePositionDocument,
  SetPolicyDocument,
  TransitionPositionDocument,
} from '../api/documents/graphql.ts';
import { type Outcome, outcomeOf, recordOf } from './answers.ts';
import type { Mutation } from './badInput.ts';
import { type Deal, fundedPosition, makeDeal, openPosition } from './deal.ts';
import { START, serve, type TestServer } from './server.ts';
import type { OpenStore } from './stores.ts';

export const MUTATIONS = {
  createInstitution: CreateInstitutionDocument,
  createAssetTemplate: CreateAssetTemplateDocument,
  createAsset: CreateAssetDocument,
  createPosition: CreatePositionDocument,
  transitionPosition: TransitionPositionDocument,
  fundPosition: FundPositionDocument,
  releasePosition: ReleasePositionDocument,
  cancelPosition: CancelPositionDocument,
  expirePosition: ExpirePositionDocument,
} satisfies { readonly [name: string]: Mutation };
export type MutationName = keyof typeof MUTATIONS;

export const MOVES = [
  'fundPosition',
  'releasePosition',
  'cancelPosition',
  'expirePosition',
  'transitionPosition',
] as const satisfies readonly MutationName[];
/** Returns the fields that the input of a move requires besides the position. */
export const target = (mutation: MutationName): object => {
  if (mutation === 'releasePosition') return { all: true };
  return mutation === 'transitionPosition' ? { toState: 'PARTIALLY_RELEASED' } : {};
};

export const UNKNOWN = {
  institution: 'inst_00000000000000000000000000',
  template: 'tmpl_00000000000000000000000000',
  asset: 'ast_00000000000000000000000000',
  position: 'pos_00000000000000000000000000',
} as const;

const DAY_MS = 86_400_000;
export const afterDays = (days: number): number => START + days * DAY_MS;
export const day = (days: number): string => new Date(afterDays(days)).toISOString();

/** The objects that user errors refer to. */
export interface Scene {
  /** A deal whose template allows 10.00 to 1000.00 USD. */
  readonly limited: Deal;
  /** A deal whose template requires an expiry within 30 days. */
  readonly timed: Deal;
  readonly created: string;
  readonly funded: string;
  /** A position that expires after 20 days. */
  readonly late: string;
  /** A cancelled position. */
  readonly ended: string;
  /** A position that was created before the policy limited amounts below its own. */
  readonly tightened: string;
}

export interface Refusing {
  readonly server: () => TestServer;
  readonly scene: () => Scene;
  readonly ask: (mutation: MutationName, input: object, viewer?: Viewer) => Promise<Outcome>;
  /** Runs a mutation that must write nothing. */
  readonly refused: Refusing['ask'];
}

/** Creates the objects in a new store. */
export function sceneOn(open: OpenStore): Refusing {
  let store: Store;
  let server: TestServer;
  let scene: Scene;

  const ask: Refusing['ask'] = async (mutation, input, viewer = { role: 'ROOT' }) => {
    server.viewer = viewer;
    const outcome = await outcomeOf<unknown, never>(server, MUTATIONS[mutation], input);
    server.viewer = { role: 'ROOT' };
    return outcome;
  };
  const refused: Refusing['refused'] = async (mutation, input, viewer) => {
    const before = await recordOf(store);
    const outcome = await ask(mutation, input, viewer);
    expect(await recordOf(store)).toEqual(before);
    return outcome;
  };

  beforeAll(async () => {
    store = await open();
    server = serve(store);
    const limited = await makeDeal(server, {
      config: { currency: 'USD', region: 'US', minAmount: '10', maxAmount: '1000.00' },
    });
    const timed = await makeDeal(server, {
      code: 'TF_INVOICE',
      vertical: 'TRADE_FINANCE',
      config: { currency: 'USD', maxTenorDays: 30, country: 'SG' },
    });
    const { id: created } = await openPosition(server, limited);
    const { id: funded } = await fundedPosition(server, limited);
    const { id: late } = await openPosition(server, timed, { expiresAt: day(20) });
    const { id: ended } = await fundedPosition(server, limited);
    await ask('cancelPosition', { positionId: ended });
    const strict = await makeDeal(server);
    const { id: tightened } = await openPosition(server, strict, { amount: { amount: '400.00', currencyCode: 'USD' } });
    const limits = [{ currencyCode: 'USD', maxAmount: '100.00' }];
    await server.run(SetPolicyDocument, { input: { institutionId: strict.institution.id, region: 'US', limits } });
    scene = { limited, timed, created, funded, late, ended, tightened };
  });
  return { server: () => server, scene: () => scene, ask, refused };
}
