import { describe, expect, it } from 'vitest';
import { as, call, countsOf, did, grownBy, type MutationName, opening, sceneOn, times } from '../support/accounting.ts';
import { endOf, readCommitted } from '../support/changes.ts';
import { fundedPosition, makeDeal, openPosition } from '../support/deal.ts';
import { onBothStores } from '../support/stores.ts';

/** Returns the object in a reply, of any type. */
const objectOf = (reply: object): Readonly<Record<string, unknown>> => {
  const [found] = ['institution', 'assetTemplate', 'asset', 'position'].flatMap((name) =>
    name in reply ? [(reply as Record<string, Record<string, unknown>>)[name]] : [],
  );
  return found ?? expect.unreachable(JSON.stringify(reply));
};

const UPDATES = ['updateInstitution', 'updateAssetTemplate', 'updateAsset', 'updatePosition'] as const;
type Update = (typeof UPDATES)[number];

const CONFIG = { currency: 'USD', region: 'US', maxAmount: '500.00' };

onBothStores((open) => {
  const scene = sceneOn(open);

  /**
   * Creates an object for each test. Returns an input that names it, one that changes it, and one of another
   * institution.
   */
  const cases: {
    readonly [M in Update]: () => Promise<{ readonly named: object; readonly change: object; readonly theirs: object }>;
  } = {
    updateInstitution: async () => {
      const { institution } = await makeDeal(scene.server);
      const theirs = { institutionId: scene.other.institution.id };
      return { named: { institutionId: institution.id }, change: { name: 'Quay Bank' }, theirs };
    },
    updateAssetTemplate: async () => {
      const { templateId } = await makeDeal(scene.server);
      return { named: { templateId }, change: { config: CONFIG }, theirs: { templateId: scene.other.templateId } };
    },
    updateAsset: async () => {
      const { assetId } = await makeDeal(scene.server);
      return { named: { assetId }, change: { label: 'Quay 3' }, theirs: { assetId: scene.other.assetId } };
    },
    updatePosition: async () => {
      const { id: positionId } = await openPosition(scene.server, scene.deal);
      const theirs = { positionId: (await openPosition(scene.server, scene.other)).id };
      return { named: { positionId }, change: { externalReference: 'INV-1' }, theirs };
    },
  };

  describe.each(UPDATES)('the mutation %s', (mutation) => {
    it(`${mutation} changes the given fields, increases the version by one and sets updatedAt`, async () => {
      const { server } = scene;
      const { named, change } = await cases[mutation]();
      const before = objectOf(await did(server, mutation, named));
      server.now += 1_000;
      const after = objectOf(await did(server, mutation, { ...named, ...change }));
      expect(after).toEqual({
        ...before,
        ...change,
        version: 2,
        updatedAt: new Date(server.now).toISOString(),
      });
    });

    it.each(['no field', 'the values that it has'])(
      `${mutation} given %s writes only its audit event`,
      async (what) => {
        const { server, store } = scene;
        const { named, change } = await cases[mutation]();
        await did(server, mutation, { ...named, ...change });
        server.now += 1_000;
        const grown = await grownBy(store, async () => {
          const same = what === 'no field' ? named : { ...named, ...change };
          expect(objectOf(await did(server, mutation, same))).toMatchObject({ version: 2 });
        });
        expect(grown).toEqual({ auditEvents: 1 });
      },
    );

    it(`${mutation} replays by its idempotency key, with the object in its current state`, async () => {
      const { server } = scene;
      const { named, change } = await cases[mutation]();
      const keyed = { ...named, ...change, idempotencyKey: `once ${mutation}` };
      await did(server, mutation, keyed);
      const metadata = mutation === 'updateAsset' || mutation === 'updatePosition';
      const next = await did(server, mutation, { ...named, ...(metadata ? { metadata: { a: 1 } } : { name: 'Next' }) });
      expect(await call(server, mutation, keyed)).toEqual({ ...next, replayed: true });
      const other = { ...keyed, expectedVersion: 1 };
      expect(await call(server, mutation, other)).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
    });

    it(`${mutation} with another version than the current one is a StaleVersionError, and replays it`, async () => {
      const { server, store } = scene;
      const { named, change } = await cases[mutation]();
      const input = { ...named, ...change, expectedVersion: 2, idempotencyKey: `stale ${mutation}` };
      const before = await countsOf(store);
      const stale = { code: 'STALE_VERSION', expectedVersion: 2, currentVersion: 1, path: ['expectedVersion'] };
      expect(await call(server, mutation, input)).toMatchObject(stale);
      expect(await countsOf(store)).toMatchObject({ templateConfigs: before.templateConfigs });
      await did(server, mutation, { ...named, ...change, expectedVersion: 1 });
      expect(await call(server, mutation, input)).toMatchObject(stale);
    });

    it(`${mutation} finds no object of another institution`, async () => {
      const { server, deal } = scene;
      const { change, theirs } = await cases[mutation]();
      await as(server, { role: 'ADMIN', institutionId: deal.institution.id }, async () => {
        const reply = await call(server, mutation, { ...theirs, ...change });
        expect(reply).toMatchObject({ code: 'NOT_FOUND', path: [Object.keys(theirs)[0]] });
      });
    });

    it(`${mutation} is allowed for an admin of the institution, and forbidden for a READ_ONLY API key`, async () => {
      const { server } = scene;
      const { named, change } = await cases[mutation]();
      const { institutionId = scene.deal.institution.id } = (await ownerOf(named)) ?? {};
      const input = { ...named, ...change };
      await as(server, { role: 'READ_ONLY', institutionId }, async () => {
        expect(await call(server, mutation, input)).toMatchObject({ code: 'FORBIDDEN', path: null });
      });
      await as(server, { role: 'ADMIN', institutionId }, async () => {
        expect(objectOf(await did(server, mutation, input))).toMatchObject({ version: 2, ...change });
      });
    });

    it(`16 concurrent calls of ${mutation} with different values write one version each`, async () => {
      const { server } = scene;
      const { named } = await cases[mutation]();
      const value = (index: number): object => {
        if (mutation === 'updatePosition') return { externalReference: `r${index}` };
        return mutation === 'updateAsset' ? { label: `l${index}` } : { name: `n${index}` };
      };
      const replies = await Promise.all(times(16, (index) => call(server, mutation, { ...named, ...value(index) })));
      const versions = replies.map((reply) => objectOf(reply)['version'] as number);
      expect(versions.toSorted((a, b) => a - b)).toEqual(times(16, (index) => index + 2));
    });

    it(`16 concurrent calls of ${mutation} with one expected version are executed once`, async () => {
      const { server } = scene;
      const { named, change } = await cases[mutation]();
      const input = { ...named, ...change, expectedVersion: 1 };
      const replies = await Promise.all(times(16, () => call(server, mutation, input)));
      expect(replies.filter(({ code }) => code === undefined)).toHaveLength(1);
      expect(replies.filter(({ code }) => code === 'STALE_VERSION')).toHaveLength(15);
    });
  });

  /** Returns the institution of the template or asset of a case. */
  async function ownerOf(named: object): Promise<{ readonly institutionId: string } | undefined> {
    const [[field, id] = []] = Object.entries(named);
    if (field === 'institutionId') return { institutionId: String(id) };
    const { data } = await scene.server.ask<{ node: { institution: { id: string } } }>(
      `query($id: ID!) { node(id: $id) { ... on AssetTemplate { institution { id } } ... on Asset { institution { id } }
        ... on Position { institution { id } } } }`,
      { id },
    );
    return data ? { institutionId: data.node.institution.id } : undefined;
  }

  describe('the fields of an update', () => {
    it.each<readonly [string, MutationName, object, string]>([
      ['a name of null', 'updateInstitution', { name: null }, 'name: must not be null.'],
      ['a blank name', 'updateInstitution', { name: ' ' }, 'name: must not be blank.'],
      ['no region', 'updateInstitution', { regions: [] }, 'regions: must have at least one value.'],
      ['verticals of null', 'updateInstitution', { verticals: null }, 'verticals: must not be null.'],
      ['a config of null', 'updateAssetTemplate', { config: null }, 'config: must not be null.'],
      ['an empty config', 'updateAssetTemplate', { config: {} }, 'config.currency: must be an ISO 4217 currency code'],
      ['a config of another region', 'updateAssetTemplate', { config: { ...CONFIG, region: 'SG' } }, 'config.region:'],
      [
        'an unknown config key',
        'updateAssetTemplate',
        { config: { ...CONFIG, x: 1 } },
        'config: must not have unknown keys: x.',
      ],
      ['a long label', 'updateAsset', { label: 'x'.repeat(201) }, 'label: must be at most 200'],
      ['metadata of null', 'updateAsset', { metadata: null }, 'metadata: must not be null.'],
      ['metadata of null', 'updatePosition', { metadata: null }, 'metadata: must not be null.'],
      ['a blank reference', 'updatePosition', { externalReference: '' }, 'externalReference: must not be blank.'],
      ['a NUL in metadata', 'updatePosition', { metadata: { a: '\0' } }, 'metadata: must not contain control'],
    ])('an update with %s is a ValidationError of %s', async (_what, mutation, change, issue) => {
      const { server } = scene;
      const { named } = await cases[mutation as Update]();
      const { code, issues = [] } = await call(server, mutation, { ...named, ...change });
      expect([code, issues.map(({ path, message }) => `${path.join('.')}: ${message}`)]).toEqual([
        'VALIDATION_FAILED',
        expect.arrayContaining([expect.stringContaining(issue)]),
      ]);
      expect(objectOf(await did(server, mutation, named))).toMatchObject({ version: 1 });
    });

    it('an update with a field of another type is rejected before anything is executed', async () => {
      const { server, deal } = scene;
      for (const input of [{ label: 5 }, { metadata: [] }, { label: 'x', templateId: deal.templateId }]) {
        const answer = await server.ask(
          'mutation($input: UpdateAssetInput!) { updateAsset(input: $input) { __typename } }',
          {
            input: { assetId: deal.assetId, ...input },
          },
        );
        expect(answer.errors?.[0]?.extensions?.code).toBe('BAD_USER_INPUT');
      }
    });
  });

  describe('the mutation updateInstitution', () => {
    const institutionOf = async (): Promise<{ readonly institutionId: string; readonly templateId: string }> => {
      const { institution, templateId } = await makeDeal(scene.server);
      return { institutionId: institution.id, templateId };
    };

    it('updateInstitution adds regions and removes those that no template uses', async () => {
      const { institutionId } = await institutionOf();
      const update = (change: object) => did(scene.server, 'updateInstitution', { institutionId, ...change });
      expect(objectOf(await update({ regions: ['US', 'SG', 'UAE'] }))).toMatchObject({ regions: ['US', 'SG', 'UAE'] });
      expect(objectOf(await update({ regions: ['UAE', 'US', 'US'] }))).toMatchObject({ regions: ['UAE', 'US'] });
      expect(objectOf(await update({ verticals: ['CONSTRUCTION'] }))).toMatchObject({ verticals: ['CONSTRUCTION'] });
    });

    it.each([
      ['regions', ['SG'], 'US'],
      ['verticals', ['TRADE_FINANCE'], 'CONSTRUCTION'],
    ])(
      'updateInstitution rejects the removal of one of its %s that a template uses, and names the template',
      async (field, values, used) => {
        const { institutionId, templateId } = await institutionOf();
        const input = { institutionId, [field]: values, idempotencyKey: `narrow ${field}` };
        const refused = await call(scene.server, 'updateInstitution', input);
        expect(refused).toMatchObject({
          code: 'CONFLICT',
          path: [field],
          conflictingId: templateId,
          message: `${used} cannot be removed: the asset template ${templateId} uses it.`,
        });
        expect(await call(scene.server, 'updateInstitution', input)).toEqual(refused);
      },
    );

    it('concurrent updateInstitution and createAssetTemplate never leave a template outside the regions', async () => {
      for (const index of times(8, (each) => each)) {
        const { institutionId } = await institutionOf();
        const template = {
          institutionId,
          code: 'CONSTR_RETAINAGE',
          name: `R${index}`,
          vertical: 'CONSTRUCTION',
          region: 'SG',
          config: { currency: 'SGD', retainagePercentage: '5' },
        };
        const [narrowed, created] = await Promise.all([
          call(scene.server, 'updateInstitution', { institutionId, regions: ['US'] }),
          call(scene.server, 'createAssetTemplate', template),
        ]);
        expect([narrowed.code, created.code].filter((code) => code !== undefined)).toHaveLength(1);
      }
    });

    it('updateInstitution defaults to the institution of the API key, and root must name one', async () => {
      const { institutionId } = await institutionOf();
      const named = await as(scene.server, { role: 'ADMIN', institutionId }, () =>
        did(scene.server, 'updateInstitution', { name: 'Own Bank' }),
      );
      expect(objectOf(named)).toMatchObject({ id: institutionId, name: 'Own Bank' });
      expect(await call(scene.server, 'updateInstitution', { name: 'x' })).toMatchObject({
        code: 'VALIDATION_FAILED',
        path: ['institutionId'],
      });
    });
  });

  describe('the mutation updateAssetTemplate', () => {
    const versionsOf = async (id: string) => {
      const { data } = await scene.server.ask<{
        position: { templateVersion: number; templateConfig: object; asset: { template: { version: number } } };
      }>(
        'query($id: ID!) { position(id: $id) { templateVersion templateConfig asset { template { version config } } } }',
        {
          id,
        },
      );
      return data?.position;
    };

    it('every version of the config is kept, and a position keeps the one it was opened under', async () => {
      const { server } = scene;
      const deal = await makeDeal(server);
      const first = { currency: 'USD', region: 'US' };
      const { id: old } = await openPosition(server, deal);
      await did(server, 'updateAssetTemplate', { templateId: deal.templateId, name: 'Escrow 2' });
      const { id: named } = await openPosition(server, deal);
      await did(server, 'updateAssetTemplate', { templateId: deal.templateId, config: CONFIG });
      const { id: limited } = await openPosition(server, deal);
      const template = { version: 3, config: CONFIG };
      expect(await versionsOf(old)).toEqual({ templateVersion: 1, templateConfig: first, asset: { template } });
      expect(await versionsOf(named)).toEqual({ templateVersion: 2, templateConfig: first, asset: { template } });
      expect(await versionsOf(limited)).toEqual({ templateVersion: 3, templateConfig: CONFIG, asset: { template } });
    });

    it('a new currency applies to new positions, and existing positions keep theirs', async () => {
      const { server } = scene;
      const deal = await makeDeal(server);
      const { id: positionId } = await openPosition(server, deal);
      await did(server, 'updateAssetTemplate', { templateId: deal.templateId, config: { ...CONFIG, currency: 'EUR' } });
      expect(await call(server, 'createPosition', opening(deal))).toMatchObject({
        code: 'POLICY_VIOLATION',
        path: ['amount', 'currencyCode'],
      });
      await did(server, 'createPosition', opening(deal, { amount: { amount: '1.00', currencyCode: 'EUR' } }));
      expect(await did(server, 'fundPosition', { positionId })).toMatchObject({ position: { state: 'FUNDED' } });
    });

    it('the config is returned in the order of keys it was sent in, and another order is stored as a new version', async () => {
      const { server } = scene;
      const { templateId } = await makeDeal(server);
      const reordered = { region: 'US', currency: 'USD' };
      const { text } = await server.ask(
        `mutation($input: UpdateAssetTemplateInput!) { updateAssetTemplate(input: $input) {
          ... on UpdateAssetTemplatePayload { assetTemplate { version config } } } }`,
        { input: { templateId, config: reordered } },
      );
      expect(text).toContain('{"version":2,"config":{"region":"US","currency":"USD"}}');
    });
  });

  describe('the mutation updatePosition', () => {
    it('updatePosition works in every state, writes no lifecycle event, and does not change amounts and sequence', async () => {
      const { server, deal } = scene;
      const { id: open_ } = await openPosition(server, deal);
      const { id: funded } = await fundedPosition(server, deal);
      const { id: released } = await fundedPosition(server, deal);
      await did(server, 'transitionPosition', { positionId: released, toState: 'RELEASED' });
      const { id: cancelled } = await fundedPosition(server, deal);
      await did(server, 'cancelPosition', { positionId: cancelled });
      const { id: expired } = await openPosition(server, deal);
      await did(server, 'expirePosition', { positionId: expired });
      for (const positionId of [open_, funded, released, cancelled, expired]) {
        const before = objectOf(await did(server, 'updatePosition', { positionId }));
        const grown = await grownBy(scene.store, async () => {
          const change = { externalReference: `late ${positionId}`, metadata: { note: ['late'] } };
          const after = objectOf(await did(server, 'updatePosition', { positionId, ...change }));
          const version = (before['version'] as number) + 1;
          expect(after).toEqual({ ...before, ...change, version, updatedAt: after['updatedAt'] });
        });
        expect(grown).toEqual({ auditEvents: 1 });
      }
    });

    it('updatePosition clears the external reference with null, and metadata is kept by later moves', async () => {
      const { server, deal } = scene;
      const { id: positionId } = await openPosition(server, deal, { externalReference: 'a', metadata: { a: 1 } });
      const cleared = await did(server, 'updatePosition', { positionId, externalReference: null });
      expect(cleared.position).toMatchObject({ externalReference: null, metadata: { a: 1 } });
      await did(server, 'updatePosition', { positionId, metadata: { b: 2 } });
      const moved = await did(server, 'fundPosition', { positionId });
      expect(moved.position).toMatchObject({
        externalReference: null,
        metadata: { b: 2 },
        version: 4,
        state: 'FUNDED',
      });
    });

    it('concurrent updatePosition and fundPosition both take effect', async () => {
      const { server, deal } = scene;
      for (const index of times(8, (each) => each)) {
        const { id: positionId } = await openPosition(server, deal);
        await Promise.all([
          did(server, 'fundPosition', { positionId }),
          did(server, 'updatePosition', { positionId, externalReference: `both ${index}` }),
        ]);
        const now = objectOf(await did(server, 'updatePosition', { positionId }));
        expect(now).toMatchObject({ state: 'FUNDED', externalReference: `both ${index}`, version: 3 });
      }
    });

    it('updatePosition publishes one UPDATED change without an event', async () => {
      const { server, store, deal } = scene;
      const { id: positionId } = await openPosition(server, deal);
      const last = await endOf(store.changes);
      await did(server, 'updatePosition', { positionId, externalReference: 'live' });
      await did(server, 'updatePosition', { positionId, externalReference: 'live' });
      const { changes } = await readCommitted(store.changes, last, 10);
      expect(changes).toMatchObject([{ topic: 'POSITION', kind: 'UPDATED', objectId: positionId, detailId: null }]);
      expect(changes).toHaveLength(1);
    });
  });

  describe('the fields fundedAt and closedAt', () => {
    const timesOf = async (id: string) => {
      const { data } = await scene.server.ask<{ position: object }>(
        'query($id: ID!) { position(id: $id) { fundedAt closedAt } }',
        { id },
      );
      return data?.position;
    };
    const at = () => new Date(scene.server.now).toISOString();

    it('fundedAt and closedAt are null until the position is funded and closed, and do not change afterwards', async () => {
      const { server, deal } = scene;
      const { id: positionId } = await openPosition(server, deal);
      expect(await timesOf(positionId)).toEqual({ fundedAt: null, closedAt: null });
      server.now += 1_000;
      await did(server, 'fundPosition', { positionId });
      const fundedAt = at();
      expect(await timesOf(positionId)).toEqual({ fundedAt, closedAt: null });
      server.now += 1_000;
      await did(server, 'releasePosition', { positionId, amount: '1.00' });
      expect(await timesOf(positionId)).toEqual({ fundedAt, closedAt: null });
      server.now += 1_000;
      await did(server, 'cancelPosition', { positionId });
      const closedAt = at();
      server.now += 1_000;
      await did(server, 'updatePosition', { positionId, externalReference: 'closed' });
      expect(await timesOf(positionId)).toEqual({ fundedAt, closedAt });
    });

    it.each(['cancelPosition', 'expirePosition'] as const)(
      '%s closes a position that was never funded',
      async (move) => {
        const { server, deal } = scene;
        const { id: positionId } = await openPosition(server, deal);
        await did(server, move, { positionId });
        expect(await timesOf(positionId)).toEqual({ fundedAt: null, closedAt: at() });
      },
    );

    it('fundedAt and closedAt are set by a batch', async () => {
      const { server, deal } = scene;
      const { id: positionId } = await openPosition(server, deal);
      const operations = ['FUNDED', 'RELEASED'].map((toState) => ({ transition: { positionId, toState } }));
      await did(server, 'applyPositions', { operations });
      expect(await timesOf(positionId)).toEqual({ fundedAt: at(), closedAt: at() });
    });
  });
});
