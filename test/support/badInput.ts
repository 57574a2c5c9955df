import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { beforeAll, expect, it } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import { type Outcome, outcomeOf, recordOf } from './answers.ts';
import { type Deal, fundedPosition, makeDeal, openPosition } from './deal.ts';
import { serve, type TestServer } from './server.ts';
import { type OpenStore } from './stores.ts';

/** The objects that invalid inputs are tried on. */
export interface World {
  readonly deal: Deal;
  readonly other: Deal;
  readonly created: string;
  readonly funded: string;
}
/** Any mutation, called with an invalid input. */
export type Mutation = TypedDocumentNode<unknown, never>;
/** An input with one invalid value: the mutation, the path of the value and the pattern of its message. */
export type Case = readonly [
  what: string,
  document: Mutation,
  input: (world: World) => object,
  path: string,
  sentence: RegExp,
];

export const long = (characters: number, of = 'a'): string => of.repeat(characters);
/** Shortens a text for the name of a test. */
export const cut = (text: string): string => JSON.stringify(text.slice(0, 30));

// Functions that return a valid input with the given changes.
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
  /** Runs a mutation that must write nothing, and returns its outcome. */
  readonly refused: (document: Mutation, input: object) => Promise<Outcome>;
}

/** Creates the objects that invalid inputs are tried on, in a new store. */
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

/** Tests that each case is a ValidationError at its path, and that nothing is written. */
export function refusesAll(open: OpenStore, cases: readonly Case[]): void {
  const { world, refused } = tryOn(open);
  it.each(cases)('%s is rejected with the path of the value', async (_what, document, input, path, sentence) => {
    const { code, issues } = await refused(document, input(world()));
    expect(code).toBe('VALIDATION_FAILED');
    const at = issues?.find((issue) => issue.path.join('.') === path);
    expect(at?.message).toMatch(sentence);
  });
}
