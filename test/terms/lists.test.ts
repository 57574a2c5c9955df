import { beforeAll, describe, expect, it } from 'vitest';
import { as, sceneOn } from '../support/accounting.ts';
import { makeDeal } from '../support/deal.ts';
import { onBothStores } from '../support/stores.ts';
import { contractInput, milestonesOf, openContract, PARTIES, PAYEE, PAYER, sent } from './terms.ts';

const DAY = 86_400_000;
const party = (role: string, reference: string): object => ({ role, reference });

onBothStores((open) => {
  const scene = sceneOn(open);
  /** The positions by name. */
  const ids: Record<string, string> = {};
  let start = 0;

  /** Opens four contracts and one of another institution. The milestones of each are due on different days. */
  beforeAll(async () => {
    const { server, deal, other } = scene;
    start = server.now;
    const due = (...days: readonly (number | undefined)[]): readonly object[] =>
      days.map((day, n) => ({
        title: `Part ${n + 1}`,
        amount: `${1000 / days.length}`,
        ...(day !== undefined && { dueAt: new Date(start + day * DAY).toISOString() }),
      }));
    const contracts = [
      ['bridge', deal, { parties: PARTIES, milestones: due(1, 2, 3, undefined) }],
      [
        'tower',
        deal,
        { parties: [PAYEE, party('PAYER', 'state'), party('OBSERVER', PAYER.reference)], milestones: due(2, 4) },
      ],
      ['road', deal, { parties: [PAYER, party('PAYEE', 'pavers')], milestones: due(3) }],
      ['bare', deal, undefined],
      ['foreign', other, { parties: PARTIES, milestones: due(1) }],
    ] as const;
    for (const [name, of, terms] of contracts) {
      server.now += 1_000;
      ids[name] = (await openContract(server, of, terms)).positionId;
    }
  });

  const ask = async (document: string, variables: object): Promise<unknown> => {
    const { data, errors } = await scene.server.ask(document, variables);
    expect(errors).toBeUndefined();
    return Object.values(data ?? {})[0];
  };
  const asOwner = <T>(work: () => Promise<T>): Promise<T> =>
    as(scene.server, { role: 'ADMIN', institutionId: scene.deal.institution.id }, work);
  const namesOf = (found: readonly string[]): readonly (string | undefined)[] =>
    found.map((id) => Object.keys(ids).find((name) => ids[name] === id));

  describe('PositionFilter', () => {
    const positions = async (filter: object): Promise<readonly (string | undefined)[]> => {
      const POSITIONS = `query ($filter: PositionFilter) { positions(first: 50, filter: $filter) { totalCount nodes { id } } }`;
      const { nodes, totalCount } = (await ask(POSITIONS, { filter })) as {
        readonly nodes: readonly { readonly id: string }[];
        readonly totalCount: number;
      };
      expect(totalCount).toBe(nodes.length);
      return namesOf(nodes.map(({ id }) => id));
    };

    it.each([
      [{ reference: PAYER.reference }, ['road', 'tower', 'bridge']],
      [{ reference: PAYER.reference, role: 'PAYER' }, ['road', 'bridge']],
      [{ reference: PAYER.reference, role: 'OBSERVER' }, ['tower']],
      [{ reference: PAYER.reference, role: 'PAYEE' }, []],
      [{ reference: PAYEE.reference, role: null }, ['tower', 'bridge']],
      [{ reference: 'CITY-WORKS' }, []],
      [{ reference: '' }, []],
      [{ reference: 'city-works\0' }, []],
    ])('finds the positions with the party %j', async (of, names) => {
      expect(await asOwner(() => positions({ party: of }))).toEqual(names);
    });

    it('combines the party with other fields, and shows root the positions of all institutions', async () => {
      const of = { party: { reference: PAYER.reference } };
      expect(await positions(of)).toEqual(['foreign', 'road', 'tower', 'bridge']);
      expect(await positions({ ...of, institutionId: scene.other.institution.id })).toEqual(['foreign']);
      expect(await positions({ ...of, states: ['FUNDED'] })).toEqual([]);
    });

    it('pages the positions of a party, and rejects their cursors for another party', async () => {
      const PAGE = `query ($filter: PositionFilter, $after: String) { positions(first: 1, after: $after, filter: $filter) {
        pageInfo { endCursor } nodes { id } } }`;
      const filter = { party: { reference: PAYER.reference } };
      const seen: string[] = [];
      let after: string | null = null;
      await asOwner(async () => {
        for (let n = 0; n < 3; n += 1) {
          const { nodes, pageInfo } = (await ask(PAGE, { filter, after })) as {
            readonly nodes: readonly { readonly id: string }[];
            readonly pageInfo: { readonly endCursor: string | null };
          };
          seen.push(...nodes.map(({ id }) => id));
          after = pageInfo.endCursor;
        }
        const other = { party: { reference: PAYEE.reference } };
        const { errors } = await scene.server.ask(PAGE, { filter: other, after });
        expect(errors?.[0]?.extensions?.code).toBe('BAD_USER_INPUT');
      });
      expect(namesOf(seen)).toEqual(['road', 'tower', 'bridge']);
    });

    it('finds a party in the current terms only', async () => {
      const { server, deal } = scene;
      const { positionId } = await openContract(server, deal, { parties: [PAYER, party('PAYEE', 'first')] });
      const count = async (reference: string): Promise<number> => (await positions({ party: { reference } })).length;
      expect([await count('first'), await count('second')]).toEqual([1, 0]);
      await sent(server, 'amendPosition', {
        positionId,
        terms: { parties: [party('PAYER', 'p'), party('PAYEE', 'second')] },
      });
      expect([await count('first'), await count('second')]).toEqual([0, 1]);
    });

    it('finds positions by the country under which they were opened', async () => {
      const { server } = scene;
      const kinds = [
        ['TF_INVOICE', { currency: 'USD', maxTenorDays: 30, country: 'SG' }],
        ['TF_LC', { currency: 'USD', maxTenorDays: 30, issuingBankCountry: 'DE' }],
      ] as const;
      const { institution } = await makeDeal(server);
      for (const [code, config] of kinds) {
        const deal = await makeDeal(server, { code, vertical: 'TRADE_FINANCE', institutionId: institution.id, config });
        const expiresAt = new Date(server.now + DAY).toISOString();
        server.now += 1_000;
        const { position } = await sent(server, 'createPosition', { ...contractInput(deal, undefined), expiresAt });
        ids[code] = position.id;
        const UPDATE =
          'mutation ($input: UpdateAssetTemplateInput!) { updateAssetTemplate(input: $input) { __typename } }';
        const moved = Object.fromEntries(
          Object.entries(config).map(([key, value]) => [key, ['SG', 'DE'].includes(`${value}`) ? 'FR' : value]),
        );
        await ask(UPDATE, { input: { templateId: deal.templateId, config: moved } });
      }
      const institutionId = institution.id;
      expect(await positions({ institutionId, country: 'SG' })).toEqual(['TF_INVOICE']);
      expect(await positions({ institutionId, country: 'DE' })).toEqual(['TF_LC']);
      expect(await positions({ institutionId, country: 'FR' })).toEqual([]);
      expect(await positions({ country: 'SG', party: { reference: PAYER.reference } })).toEqual([]);
    });
  });

  describe('Query.milestones', () => {
    interface Page {
      readonly nodes: readonly { readonly sequence: number; readonly position: { readonly id: string } | null }[];
      readonly totalCount: number;
      readonly pageInfo: { readonly endCursor: string | null; readonly hasNextPage: boolean };
    }
    const MILESTONES = `query ($filter: MilestoneFilter, $orderBy: MilestoneOrder, $first: Int = 50, $after: String) {
      milestones(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
        totalCount pageInfo { endCursor hasNextPage } nodes { sequence position { id } } } }`;
    const page = async (variables: object): Promise<Page> => (await ask(MILESTONES, variables)) as Page;
    const namesIn = ({ nodes }: Page): readonly string[] =>
      nodes.map(({ sequence, position }) => `${namesOf([position?.id ?? ''])[0]} ${sequence}`);
    const found = async (filter: object, orderBy?: object): Promise<readonly string[]> => {
      const result = await page({ filter, ...(orderBy && { orderBy }) });
      expect(result.totalCount).toBe(result.nodes.length);
      return namesIn(result).toSorted();
    };

    it('filters by position, institution, state and due date', async () => {
      const bridge = ids['bridge'];
      expect(await found({ positionId: bridge })).toEqual(['bridge 1', 'bridge 2', 'bridge 3', 'bridge 4']);
      expect(await found({ institutionId: scene.other.institution.id })).toEqual(['foreign 1']);
      expect(await found({ positionId: ids['bare'] })).toEqual([]);
      expect(await found({ positionId: bridge, state: 'CLOSED' })).toEqual([]);
      const from = new Date(start + 2 * DAY).toISOString();
      const to = new Date(start + 3 * DAY).toISOString();
      await asOwner(async () => {
        expect(await found({ dueAt: { gte: from, lt: to } })).toEqual(['bridge 2', 'tower 1']);
        expect(await found({ dueAt: { gte: from } })).toEqual(['bridge 2', 'bridge 3', 'road 1', 'tower 1', 'tower 2']);
        expect(await found({ positionId: ids['foreign'] })).toEqual([]);
        expect(await found({ institutionId: scene.other.institution.id })).toEqual([]);
      });
    });

    it('is paged in the order of due dates, those without one last', async () => {
      const orderBy = { field: 'DUE_AT', direction: 'ASC' };
      const seen: string[] = [];
      await asOwner(async () => {
        for (let after: string | null = null; ; ) {
          const result: Page = await page({ orderBy, first: 2, after, filter: { positionId: ids['bridge'] } });
          seen.push(...namesIn(result));
          after = result.pageInfo.endCursor;
          if (!result.pageInfo.hasNextPage) break;
        }
      });
      expect(seen).toEqual(['bridge 1', 'bridge 2', 'bridge 3', 'bridge 4']);
      const all = await asOwner(() => page({ orderBy }));
      expect(all.nodes.at(-1)).toMatchObject({ sequence: 4 });
    });

    it('leaves out replaced milestones unless they are asked for', async () => {
      const { server, deal } = scene;
      const { positionId } = await openContract(server, deal, { parties: PARTIES, milestones: milestonesOf('1000') });
      ids['amended'] = positionId;
      await sent(server, 'amendPosition', {
        positionId,
        terms: { parties: PARTIES, milestones: milestonesOf('1', '999') },
      });
      expect(await found({ positionId })).toEqual(['amended 1', 'amended 2']);
      expect(await found({ positionId, state: 'REPLACED' })).toEqual(['amended 1']);
      expect(await found({ positionId, state: 'OPEN' })).toEqual(['amended 1', 'amended 2']);
      const { position } = await sent(server, 'fundPosition', { positionId });
      const milestoneId = position.terms?.milestones.nodes[0]?.id;
      await sent(server, 'releasePosition', { positionId, milestoneId, all: true });
      expect(await found({ positionId, state: 'CLOSED' })).toEqual(['amended 1']);
    });

    it('shows another institution nothing, neither by node nor by the edge of a position', async () => {
      const { server, other } = scene;
      const MILESTONE = 'query ($id: ID!) { position(id: $id) { terms { milestones { nodes { id } } } } }';
      const read = (await ask(MILESTONE, { id: ids['bridge'] })) as {
        readonly terms: { readonly milestones: { readonly nodes: readonly { readonly id: string }[] } };
      };
      const id = read.terms.milestones.nodes[0]?.id;
      const NODE = 'query ($id: ID!) { node(id: $id) { id ... on Milestone { title position { id } } } }';
      expect(await ask(NODE, { id })).toEqual({ id, title: 'Part 1', position: { id: ids['bridge'] } });
      await as(server, { role: 'ADMIN', institutionId: other.institution.id }, async () => {
        expect(await ask(NODE, { id })).toBeNull();
        expect(await ask(MILESTONE, { id: ids['bridge'] })).toBeNull();
        expect(await found({ positionId: ids['bridge'] })).toEqual([]);
        expect(await found({})).toEqual(['foreign 1']);
      });
    });
  });
});
