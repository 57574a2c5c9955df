import { expect, it } from 'vitest';
import { assertFewMilestones, type Loaded } from '../../src/commands/batch.ts';
import { verify } from '../../src/verify/verify.ts';
import { LONG_LISTS, sceneOn } from '../support/accounting.ts';
import { onBothStores } from '../support/stores.ts';
import {
  amountsOf,
  contractInput,
  fundContract,
  milestonesOf,
  openContract,
  PARTIES,
  type PositionView,
  pathsOf,
  type Result,
  sent,
} from './terms.ts';

const APPLY = `mutation ($input: ApplyPositionsInput!) { applyPositions(input: $input) { __typename
  ... on ApplyPositionsPayload { committed replayed results { status
    position { id state version held { amount } retained { amount } } event { move sequence retained { amount } milestone { sequence } }
    error { __typename code message path } } }
  ... on UserError { code message path } ... on ValidationError { issues { path message } } } }`;

interface Applied extends Pick<Result, 'code' | 'message' | 'issues' | '__typename'> {
  readonly committed: boolean;
  readonly replayed: boolean;
  readonly results: readonly {
    readonly status: string;
    readonly position: PositionView | null;
    readonly event: object | null;
    readonly error: object | null;
  }[];
}

it('the positions that a batch moves have at most 20,000 milestones together', () => {
  const loadedWith = (count: number): Loaded => {
    const terms = Array.from({ length: count / 200 }, (_, index) => [
      `${index}`,
      { milestones: Array.from({ length: 200 }) },
    ]);
    // Only the numbers of milestones are read.
    return { terms: new Map(terms as never) } as unknown as Loaded;
  };
  expect(() => assertFewMilestones(loadedWith(20_000))).not.toThrow();
  expect(() => assertFewMilestones(loadedWith(20_200))).toThrow('at most 20000 milestones together; they have 20200.');
});

onBothStores((open) => {
  const scene = sceneOn(open, LONG_LISTS);
  const apply = async (operations: readonly object[], patch: object = {}): Promise<Applied> => {
    const { data, text } = await scene.server.ask<{ applyPositions: Applied }>(APPLY, {
      input: { operations, ...patch },
    });
    if (!data) throw new Error(text);
    return data.applyPositions;
  };
  const READ = `query ($id: ID!) { position(id: $id) { state version held { amount } retained { amount } released { amount } fees { amount }
    terms { milestones(first: 100) { nodes { earned { amount } refunded { amount } state } } } } }`;

  /** Reads the ids of all 200 milestones of a position. */
  const idsOf = async (positionId: string): Promise<readonly string[]> => {
    const { data } = await scene.server.ask<Record<string, { readonly nodes: readonly { readonly id: string }[] }>>(
      `query ($filter: MilestoneFilter!) { first: milestones(filter: $filter, first: 100) { nodes { id } }
        last: milestones(filter: $filter, last: 100) { nodes { id } } }`,
      { filter: { positionId } },
    );
    return [...(data?.['first']?.nodes ?? []), ...(data?.['last']?.nodes ?? [])].map(({ id }) => id);
  };

  it('funds, releases and refunds in one batch, and each operation sees those before it', async () => {
    const { server, store, deal } = scene;
    const terms = { parties: PARTIES, milestones: milestonesOf('400', '600'), retainagePercentage: '10' };
    const { positionId, milestoneIds } = await openContract(server, deal, terms);
    const [first, second] = milestoneIds;
    const { committed, results } = await apply([
      { fund: { positionId, amount: '300' } },
      { fund: { positionId, paymentReference: 'SEPA-1' } },
      { release: { positionId, milestoneId: first, amount: '150' } },
      { release: { positionId, milestoneId: first, all: true } },
      { refund: { positionId, milestoneId: second, amount: '100' } },
    ]);
    expect(committed).toBe(true);
    expect(results.map(({ position, event }) => [position?.state, position?.retained.amount, event])).toEqual([
      ['PARTIALLY_FUNDED', '0.00', { move: 'FUND', sequence: 2, retained: null, milestone: null }],
      ['FUNDED', '0.00', { move: 'FUND', sequence: 3, retained: null, milestone: null }],
      [
        'PARTIALLY_RELEASED',
        '15.00',
        { move: 'RELEASE', sequence: 4, retained: { amount: '15.00' }, milestone: { sequence: 1 } },
      ],
      [
        'PARTIALLY_RELEASED',
        '40.00',
        { move: 'RELEASE', sequence: 5, retained: { amount: '25.00' }, milestone: { sequence: 1 } },
      ],
      ['PARTIALLY_RELEASED', '40.00', { move: 'REFUND', sequence: 6, retained: null, milestone: { sequence: 2 } }],
    ]);
    const { data } = await server.ask(READ, { id: positionId });
    expect(data).toMatchObject({
      position: {
        version: 2,
        terms: {
          milestones: {
            nodes: [
              { earned: { amount: '400.00' }, refunded: { amount: '0.00' }, state: 'CLOSED' },
              { earned: { amount: '0.00' }, refunded: { amount: '100.00' }, state: 'OPEN' },
            ],
          },
        },
      },
    });
    expect(await verify(store)).toMatchObject({ difference: null });
  });

  it('a refused operation leaves milestones as they were in an atomic batch, and alone as they became in another', async () => {
    const { server, deal } = scene;
    const terms = { parties: PARTIES, milestones: milestonesOf('400', '600') };
    const { positionId, milestoneIds } = await fundContract(server, deal, terms);
    const [milestoneId] = milestoneIds;
    const release = { release: { positionId, milestoneId, amount: '300' } };
    const atomic = await apply([release, release]);
    expect(atomic).toMatchObject({
      committed: false,
      results: [
        { status: 'NOT_DONE' },
        { status: 'REFUSED', error: { code: 'VALIDATION_FAILED', path: ['operations', '1', 'release', 'amount'] } },
      ],
    });
    const dry = await apply([release], { dryRun: true });
    expect(dry).toMatchObject({
      committed: false,
      results: [{ status: 'APPLIED', position: { held: { amount: '700.00' } } }],
    });
    const earned = async (): Promise<string | undefined> => {
      const { data } = await server.ask<{ position: PositionView }>(READ, { id: positionId });
      return data?.position.terms?.milestones.nodes[0]?.earned.amount;
    };
    expect(await earned()).toBe('0.00');
    expect((await apply([release, release], { atomic: false })).results.map(({ status }) => status)).toEqual([
      'APPLIED',
      'REFUSED',
    ]);
    expect(await earned()).toBe('300.00');
  });

  it('releases 1,000 milestones in one batch to the cent', async () => {
    const { server, store, deal } = scene;
    const fees = [{ name: 'Platform fee', bearer: 'PAYEE', percentage: '0.5' }];
    const terms = {
      parties: PARTIES,
      milestones: milestonesOf(...Array<string>(200).fill('0.33')),
      fees,
      retainagePercentage: '33.33',
    };
    const contracts = [];
    for (let n = 0; n < 5; n += 1) contracts.push((await openContract(server, deal, terms, '66.00')).positionId);
    const releases: object[] = [];
    for (const positionId of contracts) {
      await sent(server, 'fundPosition', { positionId });
      releases.push(
        ...(await idsOf(positionId)).map((id) => ({ release: { positionId, milestoneId: id, all: true } })),
      );
    }
    expect(releases).toHaveLength(1_000);
    const { committed, results } = await apply(releases);
    expect(committed).toBe(true);
    expect(new Set(results.map(({ status }) => status))).toEqual(new Set(['APPLIED']));
    for (const positionId of contracts) {
      const { data } = await server.ask<{ position: PositionView }>(READ, { id: positionId });
      // Each of the 200 releases withheld 0.11 or less, and all of them what one release of 66.00 withholds.
      expect(data?.position).toMatchObject({
        state: 'PARTIALLY_RELEASED',
        version: 3,
        retained: { amount: '22.00' },
        fees: { amount: '0.33' },
        released: { amount: '43.67' },
      });
      const { position } = await sent(server, 'releasePosition', { positionId, all: true });
      expect(amountsOf(position)).toMatchObject({ held: '0.00', released: '65.67', fees: '0.33' });
    }
    expect(await verify(store)).toMatchObject({ difference: null });
  });

  it('creates up to 2,000 milestones', async () => {
    const { deal } = scene;
    const create = (count: number): object => ({
      create: contractInput(
        deal,
        { parties: PARTIES, milestones: milestonesOf(...Array<string>(count).fill('1')) },
        `${count}`,
      ),
    });
    const full = Array.from({ length: 10 }, () => create(200));
    const over = await apply([...full, create(1)]);
    expect(over).toMatchObject({ code: 'VALIDATION_FAILED' });
    expect(over.issues).toEqual([
      { path: ['operations'], message: 'must create at most 2000 milestones; they create 2001.' },
    ]);
    expect(await apply(full)).toMatchObject({ committed: true });
  });

  it.each(['fund', 'release', 'refund'])('rejects an idempotency key on %s', async (kind) => {
    const { server, deal } = scene;
    const { positionId } = await openContract(server, deal, undefined);
    const amount = kind === 'fund' ? {} : { all: true };
    const result = await apply([{ [kind]: { positionId, ...amount, idempotencyKey: 'k' } }]);
    expect(pathsOf(result as never)).toEqual([`operations.0.${kind}.idempotencyKey`]);
  });

  it('a retry of a batch with its idempotency key replays it', async () => {
    const { server, deal } = scene;
    const { positionId, milestoneIds } = await fundContract(server, deal, {
      parties: PARTIES,
      milestones: milestonesOf('400', '600'),
    });
    const operations = [
      { release: { positionId, milestoneId: milestoneIds[0], amount: '5.0' } },
      { refund: { positionId, milestoneId: milestoneIds[1], amount: '6' } },
    ];
    const first = await apply(operations, { idempotencyKey: 'batch' });
    expect(first).toMatchObject({ committed: true, replayed: false });
    const again = await apply(operations, { idempotencyKey: 'batch' });
    expect(again).toMatchObject({ committed: true, replayed: true });
    expect(again.results.map(({ event }) => event)).toEqual(first.results.map(({ event }) => event));
  });
});
