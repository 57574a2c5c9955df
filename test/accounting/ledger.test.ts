import { beforeAll, describe, expect, it } from 'vitest';
import { LedgerEventsDocument, type LedgerPartsFragment, PositionLedgerDocument } from '../api/documents/graphql.ts';
import { as, call, did, opening, sceneOn, times, UNKNOWN } from '../support/accounting.ts';
import { makeDeal } from '../support/deal.ts';
import { START } from '../support/server.ts';
import { onBothStores } from '../support/stores.ts';

/** Formats each posting as "ACCOUNT amount CURRENCY". */
const legsOf = ({ postings }: Pick<LedgerPartsFragment, 'postings'>): string[] =>
  postings.map(({ accountKind, amount: { amount, currencyCode } }) => `${accountKind} ${amount} ${currencyCode}`);

onBothStores((open) => {
  const scene = sceneOn(open);
  const openOne = async (patch: object = {}) =>
    (await did(scene.server, 'createPosition', opening(scene.deal, patch))).position?.id as string;
  const ledgerOf = async (id: string) => {
    const { position } = await scene.server.run(PositionLedgerDocument, { id, first: 100 });
    if (!position?.ledgerEvents) throw new Error(`There is no ${id}.`);
    return { position, ledgerEvents: position.ledgerEvents };
  };

  describe('the postings of a move', () => {
    it('a creation has no postings', async () => {
      const { position, ledgerEvent, event } = await did(scene.server, 'createPosition', opening(scene.deal));
      expect(ledgerEvent).toMatchObject({
        kind: 'POSITION_CREATED',
        sequence: 1,
        fromState: null,
        toState: 'CREATED',
        postings: [],
        position: { id: position?.id },
        institution: { id: scene.deal.institution.id },
        lifecycleEvent: { id: event?.id, sequence: 1 },
      });
    });

    it.each<readonly [string, readonly (readonly [Parameters<typeof call>[1], object, readonly string[]])[]]>([
      ['no postings for a cancelled position that was not funded', [['cancelPosition', {}, []]]],
      ['no postings for an expired position that was not funded', [['expirePosition', {}, []]]],
      [
        'postings from payer to escrow and from escrow to payee',
        [
          ['fundPosition', {}, ['PAYER -100.00 USD', 'ESCROW 100.00 USD']],
          ['releasePosition', { amount: '0.01' }, ['ESCROW -0.01 USD', 'PAYEE 0.01 USD']],
          ['releasePosition', { amount: '9.99' }, ['ESCROW -9.99 USD', 'PAYEE 9.99 USD']],
          ['releasePosition', { all: true }, ['ESCROW -90.00 USD', 'PAYEE 90.00 USD']],
        ],
      ],
      [
        'postings from escrow back to payer for a cancellation',
        [
          ['transitionPosition', { toState: 'FUNDED' }, ['PAYER -100.00 USD', 'ESCROW 100.00 USD']],
          ['cancelPosition', {}, ['ESCROW -100.00 USD', 'PAYER 100.00 USD']],
        ],
      ],
      [
        'postings of the remaining amount back to payer for an expiry',
        [
          ['fundPosition', {}, ['PAYER -100.00 USD', 'ESCROW 100.00 USD']],
          [
            'transitionPosition',
            { toState: 'PARTIALLY_RELEASED', amount: '40' },
            ['ESCROW -40.00 USD', 'PAYEE 40.00 USD'],
          ],
          ['transitionPosition', { toState: 'EXPIRED' }, ['ESCROW -60.00 USD', 'PAYER 60.00 USD']],
        ],
      ],
    ])('a move has %s, signed and with a sum of zero', async (_what, moves) => {
      const positionId = await openOne();
      for (const [mutation, input, legs] of moves) {
        const { ledgerEvent, event } = await did(scene.server, mutation, { positionId, ...input });
        if (!ledgerEvent) throw new Error('The payload has no ledger event.');
        expect(ledgerEvent).toMatchObject({ kind: 'POSITION_STATE_CHANGED', lifecycleEvent: { id: event?.id } });
        expect(legsOf(ledgerEvent)).toEqual(legs);
        const sum = ledgerEvent.postings.reduce((all, { amount }) => all + BigInt(amount.minorUnits), 0n);
        expect(sum).toBe(0n);
      }
    });

    it('postings have the decimals of the currency and up to 24 digits before the point', async () => {
      const { server } = scene;
      for (const [currency, amount] of [
        ['JPY', '999999999999999999999999'],
        ['KWD', '999999999999999999999999.999'],
      ] as const) {
        const deal = await makeDeal(server, { config: { currency, region: 'US' } });
        const { position } = await did(
          server,
          'createPosition',
          opening(deal, { amount: { amount, currencyCode: currency } }),
        );
        const { ledgerEvent } = await did(server, 'fundPosition', { positionId: position?.id });
        expect(ledgerEvent && legsOf(ledgerEvent)).toEqual([
          `PAYER -${amount} ${currency}`,
          `ESCROW ${amount} ${currency}`,
        ]);
      }
    });
  });

  it('payloads, the position, its events and node return the same ledger event', async () => {
    const { server } = scene;
    const positionId = await openOne();
    const made = [
      await did(server, 'fundPosition', { positionId }),
      await did(server, 'cancelPosition', { positionId }),
    ];
    const { position, ledgerEvents } = await ledgerOf(positionId);
    expect(ledgerEvents.nodes.slice(1)).toEqual(made.map(({ ledgerEvent }) => ledgerEvent));
    expect(position.events?.nodes.map(({ ledgerEvent }) => ledgerEvent)).toEqual(ledgerEvents.nodes);
    expect(ledgerEvents.nodes.map(({ sequence, fromState, toState }) => [sequence, fromState, toState])).toEqual([
      [1, null, 'CREATED'],
      [2, 'CREATED', 'FUNDED'],
      [3, 'FUNDED', 'CANCELLED'],
    ]);
    const ids = ledgerEvents.nodes.map(({ id }) => id);
    const { data } = await server.ask('query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }', { ids });
    expect(data?.['nodes']).toEqual(ids.map((id) => ({ __typename: 'LedgerEvent', id })));
  });

  it('the ledger events of a position are paged, oldest first, and the last page is the newest', async () => {
    const { server } = scene;
    const positionId = await openOne();
    await did(server, 'fundPosition', { positionId });
    for (const amount of times(5, () => '1')) await did(server, 'releasePosition', { positionId, amount });
    const page = async (part: object) =>
      (await server.run(PositionLedgerDocument, { id: positionId, ...part })).position?.ledgerEvents;
    const first = await page({ first: 3 });
    expect([first?.totalCount, first?.nodes.map(({ sequence }) => sequence)]).toEqual([7, [1, 2, 3]]);
    expect(first?.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
    const next = await page({ first: 100, after: first?.pageInfo.endCursor });
    expect(next?.nodes.map(({ sequence }) => sequence)).toEqual([4, 5, 6, 7]);
    expect((await page({ last: 2 }))?.nodes.map(({ sequence }) => sequence)).toEqual([6, 7]);
  });

  describe('ledgerEvents', () => {
    let [mine, theirs]: readonly [string, string] = ['', ''];
    beforeAll(async () => {
      const { server, other } = scene;
      server.now = START + 60_000;
      mine = await openOne();
      server.now += 1_000;
      await did(server, 'fundPosition', { positionId: mine });
      server.now += 1_000;
      theirs = (await did(server, 'createPosition', opening(other))).position?.id as string;
      await did(server, 'fundPosition', { positionId: theirs });
    });
    const listed = async (filter: object | null, part: object = { first: 100 }) => {
      const { ledgerEvents } = await scene.server.run(LedgerEventsDocument, { filter, ...part });
      return ledgerEvents?.nodes.map(({ position, sequence }) => [position?.id, sequence]);
    };

    it('ledgerEvents are newest first and filtered by institution, position, kind and time', async () => {
      const own = [
        [mine, 2],
        [mine, 1],
      ];
      const foreign = [
        [theirs, 2],
        [theirs, 1],
      ];
      expect(await listed(null, { first: 4 })).toEqual([...foreign, ...own]);
      expect(await listed({ institutionId: scene.other.institution.id })).toEqual(foreign);
      expect(await listed({ institutionId: scene.deal.institution.id }, { first: 2 })).toEqual(own);
      expect(await listed({ positionIds: [mine] })).toEqual(own);
      expect(await listed({ positionIds: [theirs, mine] })).toEqual([...foreign, ...own]);
      expect(await listed({ positionIds: [mine, theirs], kinds: ['POSITION_CREATED'] })).toEqual([foreign[1], own[1]]);
      expect(await listed({ positionIds: [mine], kinds: ['POSITION_STATE_CHANGED', 'POSITION_CREATED'] })).toEqual(own);
      const gt = new Date(START + 60_000).toISOString();
      const lte = new Date(START + 61_000).toISOString();
      expect(await listed({ createdAt: { gt, lte } })).toEqual([own[0]]);
    });

    it('ledgerEvents match nothing for an empty list or an unknown or malformed id', async () => {
      for (const filter of [
        { positionIds: [] },
        { kinds: [] },
        { positionIds: [UNKNOWN] },
        { positionIds: ['\u0000'] },
      ]) {
        expect(await listed(filter)).toEqual([]);
      }
      expect(await listed({ institutionId: 'nobody' })).toEqual([]);
    });

    it('ledgerEvents returns only events of the institution of the viewer', async () => {
      const viewer = { role: 'READ_ONLY', institutionId: scene.other.institution.id } as const;
      await as(scene.server, viewer, async () => {
        expect(await listed(null)).toEqual([
          [theirs, 2],
          [theirs, 1],
        ]);
        expect(await listed({ positionIds: [mine] })).toEqual([]);
      });
    });
  });
});
