import { expect, it } from 'vitest';
import { POSITION_STATES } from '../../src/domain/lifecycle.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { type TermsSeed, TestServerError } from '../../src/testing/index.ts';
import { verify } from '../../src/verify/verify.ts';
import { ask, started } from './ask.ts';

const DETAILS = `query ($id: ID!) {
  position(id: $id) {
    state amount { amount currencyCode } held { amount } released { amount } refunded { amount }
    institution { name } asset { label template { code } }
    events { nodes { toState actor { kind } } }
    ledgerEvents { nodes { postings { accountKind } } }
  }
}`;

it('makes positions in every state with their ledger, audit events and changes', async () => {
  const store = createMemoryStore();
  const server = await started({ store });
  for (const state of POSITION_STATES) {
    const { id, ...seeded } = await server.seed.position({ state });
    const { data, errors } = await ask(server, DETAILS, { id });
    expect(errors).toBeUndefined();
    expect(data).toMatchObject({
      position: {
        state,
        amount: { amount: '100.00', currencyCode: 'USD' },
        held: { amount: seeded.held },
        released: { amount: seeded.released },
        refunded: { amount: seeded.refunded },
        asset: { template: { code: 'CONSTR_ESCROW' } },
      },
    });
    const own = server
      .events()
      .filter((event) => [event.type === 'auditEvent' ? event.resourceId : event.objectId].includes(id));
    expect(own.map(({ type }) => type)).toEqual(
      own.map((_event, index) => (index % 2 === 0 ? 'positionChanged' : 'auditEvent')),
    );
    expect(own.length).toBe(2 * seeded.version);
  }
  const { positions, difference } = await verify(store);
  expect({ positions, difference }).toEqual({ positions: 7, difference: null });
});

it('makes positions of exact amounts in currencies with other decimals', async () => {
  const { seed } = await started();
  const japanese = await seed.position({ state: 'PARTIALLY_RELEASED', amount: '3', currencyCode: 'JPY' });
  expect(japanese).toMatchObject({ amount: '3', held: '2', released: '1', currencyCode: 'JPY' });
  const kuwaiti = await seed.position({
    state: 'PARTIALLY_RELEASED',
    amount: '1.005',
    currencyCode: 'KWD',
    released: '1.004',
  });
  expect(kuwaiti).toMatchObject({ held: '0.001', released: '1.004' });
});

const TERMS: TermsSeed = {
  parties: [
    { role: 'PAYER', reference: 'city' },
    { role: 'PAYEE', reference: 'builder' },
    { role: 'OBSERVER', reference: 'engineer' },
  ],
  milestones: [
    { title: 'Deck', amount: '30', dueAt: '2026-05-01T00:00:00Z' },
    { title: 'Handover', amount: '70' },
  ],
  fees: [{ name: 'Platform fee', bearer: 'PAYEE', percentage: '1' }],
  retainagePercentage: '10',
  agreementRequired: true,
};

it('makes positions with terms in every state, with the agreements and releases that the state requires', async () => {
  const store = createMemoryStore();
  const { seed } = await started({ store });
  for (const state of POSITION_STATES) {
    const made = await seed.position({ state, terms: TERMS });
    expect(made).toMatchObject({ state, milestoneIds: [expect.any(String), expect.any(String)] });
  }
  const part = await seed.position({ state: 'PARTIALLY_RELEASED', released: '40', terms: TERMS });
  expect(part).toMatchObject({ held: '64.00', retained: '4.00', released: '35.60', fees: '0.40' });
  const { positions, difference } = await verify(store);
  expect({ positions, difference }).toEqual({ positions: 8, difference: null });
});

it('shares one asset per institution and currency, and puts objects into the given institution', async () => {
  const { seed, institutionId } = await started();
  const other = await seed.institution('Another bank');
  const [first, second, foreign, yen] = [
    await seed.position(),
    await seed.position({ state: 'FUNDED' }),
    await seed.position({ institutionId: other.id }),
    await seed.position({ currencyCode: 'JPY' }),
  ];
  expect(second.assetId).toBe(first.assetId);
  expect(new Set([first.assetId, foreign.assetId, yen.assetId]).size).toBe(3);
  expect([first.institutionId, foreign.institutionId]).toEqual([institutionId, other.id]);
  const asset = await seed.asset({ institutionId: other.id });
  expect(await seed.position({ assetId: asset.id })).toMatchObject({ assetId: asset.id, institutionId: other.id });
});

it('makes API keys and conversations', async () => {
  const server = await started();
  const other = await server.seed.institution();
  const { token } = await server.seed.apiKey({
    institutionId: other.id,
    role: 'READ_ONLY',
    expiresAt: '2026-02-01T00:00:00Z',
  });
  const { id: positionId } = await server.seed.position({ institutionId: other.id });
  const { institutionId } = await server.seed.chatSession({ positionId, messages: ['One', 'Two'] });
  expect(institutionId).toBe(other.id);
  const chats = '{ chatSessions { nodes { messageCount position { id } } } }';
  expect((await ask(server, chats, {}, { key: token })).data).toEqual({
    chatSessions: { nodes: [{ messageCount: 2, position: { id: positionId } }] },
  });
});

it('rejects impossible positions with the reason', async () => {
  const { seed } = await started();
  const impossible: readonly (readonly [object, string])[] = [
    [
      { state: 'FROZEN' },
      '`state` must be one of CREATED, PARTIALLY_FUNDED, FUNDED, PARTIALLY_RELEASED, RELEASED, CANCELLED, EXPIRED; it is FROZEN.',
    ],
    [{ amount: '-1' }, 'seed.position() is impossible: amount.amount must be a plain decimal number'],
    [{ amount: '1.001' }, 'must have at most 2 decimals in USD'],
    [{ amount: '0' }, 'seed.position() is impossible: amount.amount must be'],
    [{ amount: '1', currencyCode: 'XXX' }, 'must be an ISO 4217 currency code'],
    [
      { amount: '0.01', state: 'PARTIALLY_RELEASED' },
      'seed.position() is impossible: amount must be greater than zero',
    ],
    [{ amount: '5', state: 'PARTIALLY_RELEASED', released: '6' }, 'exceeds what the position holds'],
    [
      { amount: '5', state: 'PARTIALLY_RELEASED', released: '5' },
      'makes the position RELEASED, not PARTIALLY_RELEASED',
    ],
    [
      { state: 'PARTIALLY_RELEASED', released: '101', terms: TERMS },
      '`released` must be at most the amount of the milestones; it is 101.',
    ],
    [
      { terms: { ...TERMS, milestones: [{ title: 'Deck', amount: '30' }] } },
      'must add up to the amount of the position',
    ],
    [
      { terms: { ...TERMS, milestones: [{ title: 'Deck', amount: '100', dueAt: 'soon' }] } },
      '`dueAt` must be a time such as',
    ],
    [{ released: '5' }, '`released` is only for PARTIALLY_RELEASED; `state` is CREATED.'],
    [{ expiresAt: '2025-01-01T00:00:00Z' }, 'seed.position() is impossible: expiresAt must be'],
    [{ expiresAt: 'never' }, '`expiresAt` must be a time such as'],
    [{ assetId: 'ast_none' }, 'The asset was not found.'],
    [{ institutionId: 'inst_none' }, 'The institution was not found.'],
  ];
  for (const [input, message] of impossible) {
    const made = seed.position(input);
    await expect(made).rejects.toThrow(message);
    await expect(made).rejects.toBeInstanceOf(TestServerError);
  }
});
