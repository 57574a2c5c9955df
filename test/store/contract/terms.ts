import { beforeAll, describe, expect, it } from 'vitest';
import type { Institution } from '../../../src/domain/institution.ts';
import { EARNED_FIELDS, type Milestone } from '../../../src/domain/milestone.ts';
import type { Position } from '../../../src/domain/position.ts';
import { type CurrentTerms, currentTermsId, termsId } from '../../../src/domain/terms.ts';
import { StaleVersionError } from '../../../src/domain/userErrors.ts';
import type { Scope } from '../../../src/domain/viewer.ts';
import { AlreadyExistsError } from '../../../src/store/errors.ts';
import type { Selection, Where } from '../../../src/store/store.ts';
import type { GetStore } from '../rows.ts';
import { aDeal, anEvent, aPosition, currency, type Deal, idsOf, keep, keyOf, only, pageOf, START } from '../rows.ts';
import { aMilestone, aParty, fullTerms, rowsOfTerms, someTerms } from '../termsRows.ts';

const BY_DUE = { by: ['dueAt'], direction: 'ASC' } as const;
const DUE = [3, null, 1, 2, null].map((ms) => (ms === null ? null : START + ms));

/** A position with terms whose current version has five milestones, and whose first version had one. */
interface World extends Deal {
  readonly position: Position;
  readonly current: CurrentTerms;
  readonly before: CurrentTerms;
}

function world(): World {
  const deal = aDeal();
  const position = aPosition(deal.asset, { amount: 500n, termsVersion: 2 });
  const first = fullTerms({ ...position, termsVersion: 1 });
  const [replaced] = first.milestones;
  const terms = someTerms(position, {
    fees: [{ name: 'platform', bearer: 'PAYEE', percentage: '2.5', fixed: '1.00' }],
    retainagePercentage: '10',
    agreementRequired: true,
  });
  const milestones = DUE.map((dueAt, index) =>
    aMilestone(terms, { ...position, amount: 100n }, index + 1, { dueAt, createdAt: START + index }),
  );
  return {
    ...deal,
    position,
    current: { terms, parties: [aParty(terms, 2), aParty(terms, 1), aParty(terms, 3)], milestones },
    before: { ...first, milestones: replaced ? [{ ...replaced, state: 'REPLACED' }] : [] },
  };
}

const rowsOf = ({ institution, template, asset, position, current, before }: World) => ({
  institutions: [institution],
  assetTemplates: [template],
  assets: [asset],
  positions: [position],
  ...rowsOfTerms(before, current),
});

export function keepsTerms(store: GetStore): void {
  describe('terms', () => {
    let mine: World;
    let theirs: World;
    beforeAll(async () => {
      [mine, theirs] = [world(), world()];
      for (const each of [mine, theirs]) await keep(store(), rowsOf(each));
    });
    const scopes = (): readonly Scope[] => ['ALL', only(mine.institution)];

    it('a position is returned with its terms: those of a version by id, all by version', async () => {
      for (const scope of scopes()) {
        const read = store().read(scope);
        const ids = [currentTermsId(mine.position) ?? '', termsId(mine.position.id, 1), termsId(mine.position.id, 3)];
        expect(await read.positionTerms.byIds(ids)).toEqual([mine.current.terms, mine.before.terms, undefined]);
        const parent = { field: 'positionId', id: mine.position.id } as const;
        const versions = await pageOf(read.positionTerms, { parent, order: { by: ['version'], direction: 'DESC' } });
        expect(versions.rows).toEqual([mine.current.terms, mine.before.terms]);
      }
    });

    it('the parties and milestones of terms are returned in their order, and none of another institution', async () => {
      for (const scope of scopes()) {
        const read = store().read(scope);
        const parent = { field: 'termsId', id: mine.current.terms.id } as const;
        const parties = await pageOf(read.parties, { parent, order: { by: ['ordinal'], direction: 'ASC' } });
        const [second, first, third] = mine.current.parties;
        expect(parties.rows).toEqual([first, second, third]);
        const order = { by: ['sequence'], direction: 'ASC' } as const;
        const milestones = await pageOf(read.milestones, { parent, order, limit: 3 });
        expect(milestones).toEqual({ rows: mine.current.milestones.slice(0, 3), more: true });
        const [, , last] = milestones.rows as readonly [Milestone, Milestone, Milestone];
        const rest = await pageOf(read.milestones, { parent, order, after: keyOf(last, ['sequence']) });
        expect(rest.rows).toEqual(mine.current.milestones.slice(3));
      }
      const parent = { field: 'termsId', id: theirs.current.terms.id } as const;
      const read = store().read(only(mine.institution));
      expect(await pageOf(read.milestones, { parent })).toEqual({ rows: [], more: false });
      expect(await read.parties.counts([{ parent, where: {} }])).toEqual([0]);
      expect(await read.milestones.byIds(theirs.current.milestones.map(({ id }) => id))).toEqual(
        Array(5).fill(undefined),
      );
    });

    it('milestones are listed by position, state and due date, those without one last', async () => {
      for (const scope of scopes()) {
        const { milestones } = store().read(scope);
        const own = { positionId: { in: [mine.position.id] } };
        const placesOf = async (where: Where<Milestone>, order = BY_DUE) => {
          const selected = { ...own, ...where };
          const page = await pageOf(milestones, { where: selected, order });
          expect(await milestones.counts([{ where: selected }])).toEqual([page.rows.length]);
          return page.rows.map(({ id }) => mine.current.milestones.findIndex((each) => each.id === id));
        };
        expect(await placesOf({ state: { in: ['OPEN'] } })).toEqual([2, 3, 0, 1, 4]);
        expect(await placesOf({ state: { in: ['REPLACED'] } })).toEqual([-1]);
        expect(await placesOf({ state: { in: ['CLOSED'] } })).toEqual([]);
        expect(await placesOf({ dueAt: { range: { gte: START + 2 } } })).toEqual([3, 0]);
        expect(await placesOf({ dueAt: { range: {} } })).toEqual([2, 3, 0]);
        const first = mine.current.milestones[0] as Milestone;
        const where = { ...own, state: { in: ['OPEN'] } } as const;
        const after = await pageOf(milestones, { where, order: BY_DUE, after: keyOf(first, ['dueAt']) });
        expect(after.rows).toEqual([mine.current.milestones[1], mine.current.milestones[4]]);
        const order = { ...BY_DUE, direction: 'DESC' } as const;
        const last = await pageOf(milestones, { where, order, limit: 1, backward: true });
        expect(last).toEqual({ rows: [mine.current.milestones[2]], more: true });
      }
    });

    it('an institution lists its milestones only, and root those of all', async () => {
      const both = { institutionId: { in: [mine.institution.id, theirs.institution.id] } };
      const due = { ...both, dueAt: { range: { lte: START + 1 } } };
      const dueOf = async (scope: Scope) =>
        idsOf(await pageOf(store().read(scope).milestones, { where: due, order: BY_DUE }));
      const [own, other] = [mine, theirs].map(({ current }) => current.milestones[2]?.id);
      expect(await dueOf(only(mine.institution))).toEqual([own]);
      expect(await dueOf('ALL')).toEqual([own, other]);
      expect(
        await store()
          .read(only(mine.institution))
          .milestones.counts([{ where: {} }]),
      ).toEqual([6]);
    });

    it('agreements and payments change their fields only, and a stale version is rejected', async () => {
      const { current, ...own } = world();
      await keep(store(), rowsOf({ ...own, current }));
      const [payee] = current.parties;
      const [milestone] = current.milestones;
      if (!payee || !milestone) throw new Error('There are no rows.');
      const agreed = { ...payee, agreedAt: START + 9, version: 2 };
      const earned = { ...milestone, earned: 60n, refunded: 40n, state: 'CLOSED', version: 2 } as const;
      await store().transact(only(own.institution), async (tx) => {
        tx.parties.replace(agreed, ['agreedAt']);
        tx.milestones.replace(earned, EARNED_FIELDS);
      });
      const read = store().read(only(own.institution));
      expect(await read.milestones.byIds([milestone.id])).toEqual([earned]);
      expect(await read.parties.byIds([payee.id])).toEqual([agreed]);
      const stale = store().transact(only(own.institution), async (tx) => tx.milestones.replace(earned, EARNED_FIELDS));
      await expect(stale).rejects.toBeInstanceOf(StaleVersionError);
    });

    it('a repeated version, place or sequence, and terms of another institution are rejected', async () => {
      const { terms, milestones } = mine.current;
      const [milestone] = milestones as readonly [Milestone];
      const repeated = store().transact('ALL', async (tx) =>
        tx.positionTerms.insert({ ...terms, agreementRequired: false }),
      );
      await expect(repeated).rejects.toBeInstanceOf(AlreadyExistsError);
      const sequence = keep(store(), { milestones: [aMilestone(terms, mine.position, milestone.sequence)] });
      await expect(sequence).rejects.toBeInstanceOf(AlreadyExistsError);
      const place = keep(store(), { parties: [{ ...aParty(terms, 1), id: `${terms.id}_9` }] });
      await expect(place).rejects.toBeInstanceOf(AlreadyExistsError);
      const foreign = { ...aMilestone(theirs.current.terms, mine.position, 9), institutionId: mine.institution.id };
      await expect(keep(store(), { milestones: [foreign] })).rejects.toThrow(/terms|foreign key|points to/);
      const event = anEvent({ ...mine.position, sequence: 7 }, { move: 'RELEASE' });
      const other = { ...event, milestoneId: theirs.current.milestones[0]?.id ?? '' };
      await expect(keep(store(), { lifecycleEvents: [other] })).rejects.toThrow(/milestone|foreign key|points to/);
    });

    it('positions and events are returned with all amounts and references', async () => {
      const deal = aDeal();
      const amounts = { principal: 500n, held: 150n, retained: 30n, released: 290n, refunded: 40n, fees: 25n };
      const position = aPosition(deal.asset, {
        amount: 500n,
        termsVersion: 1,
        state: 'PARTIALLY_RELEASED',
        ...amounts,
      });
      const { terms, parties, milestones } = fullTerms(position);
      const [milestone] = milestones as readonly [Milestone];
      const release = { move: 'RELEASE', moved: 270n, fee: 5n, retained: 30n } as const;
      const events = [
        anEvent(position, { move: 'CREATE' }),
        anEvent({ ...position, sequence: 2 }, { ...release, milestoneId: milestone.id, paymentReference: 'SEPA 7' }),
        anEvent({ ...position, sequence: 3 }, { move: 'AGREE', partyReference: 'payer' }),
        anEvent({ ...position, sequence: 4 }, { move: 'RELEASE', moved: 30n, retained: -30n }),
      ];
      await keep(store(), {
        institutions: [deal.institution],
        assetTemplates: [deal.template],
        assets: [deal.asset],
        positions: [position],
        ...rowsOfTerms({ terms, parties, milestones }),
        lifecycleEvents: events,
      });
      const read = store().read(only(deal.institution));
      expect(await read.positions.byIds([position.id])).toEqual([position]);
      expect(await read.lifecycleEvents.byIds(events.map(({ id }) => id))).toEqual(events);
      expect(await read.positionTotals([{ where: {} }])).toEqual([
        [
          {
            currency: 'USD',
            state: 'PARTIALLY_RELEASED',
            count: 1,
            amount: 500n,
            held: 150n,
            retained: 30n,
            released: 290n,
            refunded: 40n,
            fees: 25n,
          },
        ],
      ]);
    });
  });

  describe('positions by party and country', () => {
    /** Positions of one institution: their parties, and the country of the config under which they were opened. */
    const made = async (institution: Partial<Institution> = {}) => {
      const { institution: own, template, asset } = aDeal(institution);
      const located = { ...template, config: { currency: 'USD', country: 'SG' } };
      const later = { ...located, version: 2, config: { currency: 'USD', issuingBankCountry: 'DE' } };
      const positions = [
        aPosition(asset, { termsVersion: 1, amount: 1n, externalReference: 'x' }),
        aPosition(asset, { termsVersion: 2, amount: 2n, templateVersion: 2 }),
        aPosition(asset, { termsVersion: 1, amount: 4n, templateVersion: 2, currency: currency('JPY') }),
        aPosition(asset, { amount: 8n, createdAt: START + 1 }),
      ] as const;
      const [first, second, third] = positions;
      const own1 = someTerms(first);
      const earlier = someTerms(second, { version: 1 });
      const own2 = someTerms(second);
      const own3 = someTerms(third);
      await keep(store(), {
        institutions: [own],
        assetTemplates: [located],
        templateConfigs: [
          {
            id: `${later.id}_2`,
            institutionId: own.id,
            templateId: later.id,
            version: 2,
            region: later.region,
            config: later.config,
            createdAt: START,
          },
        ],
        assets: [asset],
        positions,
        positionTerms: [own1, earlier, own2, own3],
        parties: [
          aParty(own1, 1, { reference: 'bob' }),
          aParty(own1, 2, { reference: 'ann' }),
          aParty(own1, 3, { reference: 'ann', role: 'OBSERVER' }),
          aParty(earlier, 1, { reference: 'ann' }),
          aParty(own2, 1, { reference: 'bob' }),
          aParty(own3, 1, { reference: 'ann' }),
        ],
      });
      return { institution: own, positions };
    };
    let mine: Awaited<ReturnType<typeof made>>;
    let theirs: Awaited<ReturnType<typeof made>>;
    beforeAll(async () => {
      mine = await made();
      theirs = await made();
    });

    /** Returns the places of the rows, which pages, counts and totals must agree on. */
    async function placesOf(scope: Scope, selection: Partial<Selection<Position>>): Promise<readonly number[]> {
      const read = store().read(scope);
      const all = [...mine.positions, ...theirs.positions];
      const where = { assetId: { in: all.map(({ assetId }) => assetId) }, ...selection.where };
      const page = await pageOf(read.positions, { ...selection, where });
      const ids = page.rows.map(({ id }) => all.findIndex((each) => each.id === id));
      expect(await read.positions.counts([{ ...selection, where }])).toEqual([page.rows.length]);
      const [totals] = await read.positionTotals([{ ...selection, where }]);
      expect(totals?.reduce((sum, { amount }) => sum + amount, 0n)).toBe(
        page.rows.reduce((sum, { amount }) => sum + amount, 0n),
      );
      // Without the assets, another index contains the rows.
      const [whole = 0] = await read.positions.counts([{ ...selection, where: selection.where ?? {} }]);
      // Other tests have positions that the root key sees.
      expect(scope === 'ALL' ? Math.min(whole, page.rows.length) : whole).toBe(page.rows.length);
      return ids;
    }
    const ann = (role: 'PAYER' | 'PAYEE' | 'OBSERVER' | null = null) => ({ party: { reference: 'ann', role } });

    it('a position is found by each party of its current terms, once, and by none of earlier terms', async () => {
      const scope = only(mine.institution);
      expect(await placesOf(scope, ann())).toEqual([0, 2]);
      expect(await placesOf(scope, ann('PAYER'))).toEqual([2]);
      expect(await placesOf(scope, ann('OBSERVER'))).toEqual([0]);
      expect(await placesOf(scope, { party: { reference: 'bob', role: null } })).toEqual([0, 1]);
      expect(await placesOf(scope, { party: { reference: 'bob', role: 'PAYEE' } })).toEqual([]);
      for (const reference of ['Ann', '', 'nobody', 'NUL\0', '\ud800'])
        expect(await placesOf(scope, { party: { reference, role: null } })).toEqual([]);
    });

    it('a position is found by the country of the config under which it was opened', async () => {
      const scope = only(mine.institution);
      expect(await placesOf(scope, { country: 'SG' })).toEqual([0, 3]);
      expect(await placesOf(scope, { country: 'DE' })).toEqual([1, 2]);
      for (const country of ['FR', '', 'sg', 'NUL\0']) expect(await placesOf(scope, { country })).toEqual([]);
    });

    it('party and country are combined with other conditions, parents and each other', async () => {
      const scope = only(mine.institution);
      expect(await placesOf(scope, { ...ann(), country: 'DE' })).toEqual([2]);
      expect(await placesOf(scope, { ...ann(), where: { currency: { in: [currency('USD')] } } })).toEqual([0]);
      expect(await placesOf(scope, { ...ann(), where: { externalReference: { in: ['y'] } } })).toEqual([]);
      expect(await placesOf(scope, { country: 'SG', where: { magnitude: { range: { gt: 100n } } } })).toEqual([3]);
      const parent = { field: 'assetId', id: mine.positions[0].assetId } as const;
      expect(await placesOf('ALL', { ...ann(), parent })).toEqual([0, 2]);
      expect(await placesOf('ALL', { country: 'SG', parent })).toEqual([0, 3]);
    });

    it('an institution finds its own positions only, and root those of all', async () => {
      expect(await placesOf('ALL', ann())).toEqual([0, 2, 4, 6]);
      expect(await placesOf('ALL', { country: 'DE' })).toEqual([1, 2, 5, 6]);
      expect(await placesOf(only(theirs.institution), ann())).toEqual([4, 6]);
      expect(await placesOf(only(theirs.institution), { country: 'SG' })).toEqual([4, 7]);
      const foreign = { institutionId: { in: [theirs.institution.id] } };
      expect(await placesOf(only(mine.institution), { ...ann(), where: foreign })).toEqual([]);
      expect(await placesOf(only(mine.institution), { country: 'SG', where: foreign })).toEqual([]);
    });

    it('pages by party continue after a cursor, in both directions', async () => {
      const { positions } = store().read('ALL');
      const where = { assetId: { in: [...mine.positions, ...theirs.positions].map(({ assetId }) => assetId) } };
      const order = { by: ['createdAt'], direction: 'DESC' } as const;
      const window = { ...ann(), where, order, limit: 3 };
      const page = await pageOf(positions, window);
      const found = [theirs.positions[2], theirs.positions[0], mine.positions[2], mine.positions[0]];
      expect(page).toEqual({ rows: found.slice(0, 3), more: true });
      const after = keyOf(mine.positions[2], ['createdAt']);
      expect((await pageOf(positions, { ...window, after })).rows).toEqual(found.slice(3));
      const before = await pageOf(positions, { ...window, before: after, backward: true, limit: 1 });
      expect(before).toEqual({ rows: [found[1]], more: true });
    });

    it('a position is found by the parties of its new terms when it is amended', async () => {
      const { institution, positions } = await made();
      const [first] = positions;
      const amended = { ...first, termsVersion: 2, version: 2, sequence: 2 };
      const terms = someTerms(amended);
      await store().transact(only(institution), async (tx) => {
        tx.positions.replace(amended, ['expiresAt', 'termsVersion', 'sequence', 'updatedAt']);
        tx.positionTerms.insert(terms);
        tx.parties.insert(aParty(terms, 1, { reference: 'eve' }));
      });
      const read = store().read(only(institution)).positions;
      const ofParty = (reference: string) => ({ where: {}, party: { reference, role: null } });
      expect(await read.counts(['eve', 'bob', 'ann'].map(ofParty))).toEqual([1, 1, 1]);
      expect((await pageOf(read, ofParty('eve'))).rows).toEqual([amended]);
    });

    it('the expiry of a position can change', async () => {
      const { institution, positions } = await made();
      const after = { ...positions[3], expiresAt: START + 7, version: 2 };
      await store().transact(only(institution), async (tx) => tx.positions.replace(after, ['expiresAt']));
      const where = { expiresAt: { range: { lte: START + 7 } } };
      const page = await pageOf(store().read(only(institution)).positions, {
        where,
        order: { by: ['expiresAt'], direction: 'ASC' },
      });
      expect(page.rows).toEqual([after]);
    });
  });
}
