import { describe, expect, it } from 'vitest';
import { sceneOn } from '../support/accounting.ts';
import { onBothStores } from '../support/stores.ts';
import { contractInput, milestonesOf, openContract, PARTIES, PAYEE, PAYER, pathsOf, send } from './terms.ts';

const OTHER_PAYEE = { role: 'PAYEE', reference: 'steel-mill' } as const;
const fee = (patch: object): object => ({ fees: [{ name: 'Fee', bearer: 'PAYEE', ...patch }] });
const paid = (amount: string, payeeReference: string): object => ({ title: 'Part', amount, payeeReference });

/** Terms of a position of 1000.00 USD, each with the paths of its issues. */
const BAD: readonly (readonly [name: string, terms: object, paths: readonly string[]])[] = [
  ['milestones that add up to less', { milestones: milestonesOf('400', '599.99') }, ['terms.milestones']],
  ['milestones that add up to more', { milestones: milestonesOf('400', '600.01') }, ['terms.milestones']],
  ['201 milestones', { milestones: milestonesOf(...Array<string>(201).fill('1')) }, ['terms.milestones']],
  ['a milestone of nothing', { milestones: milestonesOf('1000', '0') }, ['terms.milestones.1.amount']],
  ['a milestone below zero', { milestones: milestonesOf('-1', '1001') }, ['terms.milestones.0.amount']],
  [
    'a milestone of half a cent',
    { milestones: milestonesOf('999.995', '0.005') },
    ['terms.milestones.0.amount', 'terms.milestones.1.amount'],
  ],
  ['a blank title', { milestones: [{ title: ' ', amount: '1000' }] }, ['terms.milestones.0.title']],
  ['a milestone of a stranger', { milestones: [paid('1000', 'nobody')] }, ['terms.milestones.0.payeeReference']],
  ['a milestone of the payer', { milestones: [paid('1000', PAYER.reference)] }, ['terms.milestones.0.payeeReference']],
  ['no parties', { parties: [] }, ['terms.parties', 'terms.parties']],
  ['two payers', { parties: [...PARTIES, { role: 'PAYER', reference: 'state' }] }, ['terms.parties']],
  ['no payee', { parties: [PAYER] }, ['terms.parties']],
  [
    '51 parties',
    { parties: [...PARTIES, ...Array.from({ length: 49 }, (_each, n) => ({ role: 'OBSERVER', reference: `o-${n}` }))] },
    ['terms.parties'],
  ],
  [
    'a party that is payer and payee',
    {
      parties: [...PARTIES, { role: 'PAYEE', reference: PAYER.reference }],
      milestones: [paid('1000', PAYEE.reference)],
    },
    ['terms.parties.0.reference'],
  ],
  ['the same role twice', { parties: [...PARTIES, PAYEE] }, ['terms.parties.2.reference']],
  ['a blank reference', { parties: [...PARTIES, { role: 'OBSERVER', reference: '' }] }, ['terms.parties.2.reference']],
  [
    'a reference of 201 characters',
    { parties: [...PARTIES, { role: 'OBSERVER', reference: 'x'.repeat(201) }] },
    ['terms.parties.2.reference'],
  ],
  ['a fee of nothing', fee({}), ['terms.fees.0.percentage']],
  ['a fee over 100 %', fee({ percentage: '100.0001' }), ['terms.fees.0.percentage']],
  ['a fee with 5 decimals', fee({ percentage: '0.12345' }), ['terms.fees.0.percentage']],
  ['a fee below zero', fee({ percentage: '-1' }), ['terms.fees.0.percentage']],
  ['a fixed fee of zero', fee({ fixed: '0.00' }), ['terms.fees.0.fixed']],
  ['a fixed fee of half a cent', fee({ fixed: '0.005' }), ['terms.fees.0.fixed']],
  ['a fee without a name', fee({ name: '', fixed: '1' }), ['terms.fees.0.name']],
  [
    '11 fees',
    { fees: Array.from({ length: 11 }, () => ({ name: 'Fee', bearer: 'PAYER', fixed: '1' })) },
    ['terms.fees'],
  ],
  ['more retainage than 100 %', { retainagePercentage: '101' }, ['terms.retainagePercentage']],
  ['retainage with 5 decimals', { retainagePercentage: '9.99999' }, ['terms.retainagePercentage']],
  ['retainage in words', { retainagePercentage: 'ten' }, ['terms.retainagePercentage']],
  ['several payees without milestones', { parties: [...PARTIES, OTHER_PAYEE] }, ['terms.milestones']],
  [
    'several payees and a milestone of nobody',
    { parties: [...PARTIES, OTHER_PAYEE], milestones: milestonesOf('1000') },
    ['terms.milestones.0.payeeReference'],
  ],
  [
    'several payees with retainage',
    { parties: [...PARTIES, OTHER_PAYEE], milestones: [paid('1000', 'steel-mill')], retainagePercentage: '5' },
    ['terms.retainagePercentage'],
  ],
  [
    'several payees with a fee of the payee',
    { parties: [...PARTIES, OTHER_PAYEE], milestones: [paid('1000', 'steel-mill')], ...fee({ fixed: '1' }) },
    ['terms.fees.0.bearer'],
  ],
  [
    'many problems at once',
    { parties: [PAYER, PAYER], retainagePercentage: 'x', ...fee({ percentage: 'x' }), milestones: milestonesOf('x') },
    [
      'terms.milestones.0.amount',
      'terms.fees.0.percentage',
      'terms.retainagePercentage',
      'terms.parties',
      'terms.parties',
      'terms.parties.1.reference',
    ],
  ],
];

onBothStores((open) => {
  const scene = sceneOn(open);

  it.each(BAD)('createPosition and amendPosition reject %s', async (_name, patch, paths) => {
    const { server, deal } = scene;
    const terms = { parties: PARTIES, ...patch };
    const created = await send(server, 'createPosition', contractInput(deal, terms));
    expect(pathsOf(created)).toEqual(paths);
    expect(created.path).toEqual(paths[0]?.split('.'));
    const { positionId } = await openContract(server, deal, undefined);
    expect(pathsOf(await send(server, 'amendPosition', { positionId, terms }))).toEqual(paths);
  });

  it('the issues of terms are reported with those of the position', async () => {
    const { server, deal } = scene;
    const input = {
      ...contractInput(deal, { parties: PARTIES, milestones: milestonesOf('5') }, '-5'),
      holderReference: ' ',
    };
    expect(pathsOf(await send(server, 'createPosition', input))).toEqual(['holderReference', 'amount.amount']);
  });

  it('terms at their limits are accepted', async () => {
    const { server, deal } = scene;
    const parties = [
      ...PARTIES,
      ...Array.from({ length: 48 }, (_each, n) => ({ role: 'OBSERVER', reference: `o-${n}` })),
    ];
    const fees = Array.from({ length: 10 }, (_each, n) => ({
      name: `Fee ${n}`,
      bearer: 'PAYER',
      percentage: '100.0000',
    }));
    const terms = {
      parties,
      fees,
      milestones: milestonesOf(...Array<string>(200).fill('5')),
      retainagePercentage: '0.0001',
    };
    const { position } = await openContract(server, deal, terms);
    expect(position.terms).toMatchObject({ retainagePercentage: '0.0001', milestones: { totalCount: 200 } });
    expect(position.terms?.parties).toHaveLength(50);
    expect(position.terms?.fees[9]).toEqual({ name: 'Fee 9', bearer: 'PAYER', percentage: '100', fixed: null });
  });

  describe('amendPosition', () => {
    it('requires terms or an expiry, and an expiry in the future', async () => {
      const { server, deal } = scene;
      const { positionId } = await openContract(server, deal, undefined);
      expect(pathsOf(await send(server, 'amendPosition', { positionId }))).toEqual(['terms']);
      expect(pathsOf(await send(server, 'amendPosition', { positionId, terms: null }))).toEqual(['terms']);
      const expiresAt = new Date(server.now).toISOString();
      expect(pathsOf(await send(server, 'amendPosition', { positionId, expiresAt }))).toEqual(['expiresAt']);
      expect(pathsOf(await send(server, 'amendPosition', { positionId, expiresAt, terms: { parties: [] } }))).toEqual([
        'terms.parties',
        'terms.parties',
        'expiresAt',
      ]);
    });
  });
});
