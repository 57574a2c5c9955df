import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { beforeAll, expect, it } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import { type Outcome, outcomeOf, recordOf } from './answers.ts';
import { type Deal, fundedPosition, makeDeal, openPosition } from './deal.ts';
import { serve, type TestServer } from './server.ts';
import { type OpenStore } from './stores.ts';

/** What bad input is tried on. */
export interface World {
  readonly deal: Deal;
  readonly other: Deal;
  readonly created: string;
  readonly funded: string;
}
/** Any mutation; its input is wrong on purpose. */
export type Mutation = TypedDocumentNode<unknown, never>;
/** An input with one fault: which mutation, where the fault is and what the sentence about it says. */
export type Case = readonly [
  what: string,
  document: Mutation,
  input: (world: World) => object,
  path: string,
  sentence: RegExp,
];

export const long = (characters: number, of = 'a'): string => of.repeat(characters);
/** A text as a test's name can hold it. */
export const cut = (text: string): string => JSON.stringify(text.slice(0, 30));

// Inputs that would do, but for the patch.
export const institution = (patch: object) => () => ({ name: 'Bank', regions: ['US'], ...patch });
export const template =
  (patch: object) =>
  ({ deal }: World) => ({
    institutionId: deal.institution.id,
    code: 'CONSTR_ESCROW',
    name: 'Escrow',
    vertical: 'CONSTRUCTION',
    region: 'US',
    config: { currency: 'USD', region: 'US' },
    ...patch,
  });
export const asset =
  (patch: object) =>
  ({ deal }: World) => ({ templateId: deal.templateId, label: 'Pier', ...patch });
export const position =
  (patch: object) =>
  ({ deal }: World) => ({
    assetId: deal.assetId,
    holderReference: 'holder',
    amount: { amount: '1.00', currencyCode: 'USD' },
    ...patch,
  });
export const move =
  (patch: object) =>
  ({ funded }: World) => ({ positionId: funded, ...patch });

export interface Trial {
  readonly server: () => TestServer;
  readonly world: () => World;
  /** The outcome of a mutation that must write nothing. */
  readonly refused: (document: Mutation, input: object) => Promise<Outcome>;
}

/** A world to try bad input on, in a store of its own. */
export function tryOn(open: OpenStore): Trial {
  let store: Store;
  let server: TestServer;
  let world: World;
  beforeAll(async () => {
    store = await open();
    server = serve(store);
    const deal = await makeDeal(server);
    const { id: created } = await openPosition(server, deal);
    const { id: funded } = await fundedPosition(server, deal);
    world = { deal, other: await makeDeal(server), created, funded };
  });
  const refused = async (document: Mutation, input: object): Promise<Outcome> => {
    const before = await recordOf(store);
    const outcome = await outcomeOf(server, document, input);
    expect(await recordOf(store)).toEqual(before);
    return outcome;
  };
  return { server: () => server, world: () => world, refused };
}

/** Each case is a ValidationError at its place, and nothing is written. */
export function refusesAll(open: OpenStore, cases: readonly Case[]): void {
  const { world, refused } = tryOn(open);
  it.each(cases)('%s is refused at its place', async (_what, document, input, path, sentence) => {
    const { code, issues } = await refused(document, input(world()));
    expect(code).toBe('VALIDATION_FAILED');
    const at = issues?.find((issue) => issue.path.join('.') === path);
    expect(at?.message).toMatch(sentence);
  });
}
