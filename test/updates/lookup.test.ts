import { beforeAll, expect, it } from 'vitest';
import { as, did, opening, type Scene, sceneOn } from '../support/accounting.ts';
import { serve, type TestServer } from '../support/server.ts';
import { onBothStores, openPostgres } from '../support/stores.ts';

const QUERY = `query($id: ID, $reference: String, $of: ID) {
  position(id: $id, externalReference: $reference, institutionId: $of) { id } }`;

onBothStores((open) => {
  const scene = sceneOn(open);
  let only: string;
  let own: string;
  let theirs: string;
  beforeAll(async () => {
    const create = async (deal: Scene['deal'], externalReference: string) =>
      (await did(scene.server, 'createPosition', opening(deal, { externalReference }))).position?.id ?? '';
    only = await create(scene.deal, 'only');
    theirs = await create(scene.other, 'theirs');
    await create(scene.deal, 'twice');
    await create(scene.deal, 'twice');
    await create(scene.other, 'only');
    own = scene.deal.institution.id;
  });
  const ask = async (variables: object): Promise<string | null | undefined> => {
    const { data, errors } = await scene.server.ask<{ position: { id: string } | null }>(QUERY, variables);
    if (errors) return `${errors[0]?.extensions?.code}: ${errors[0]?.message}`;
    return data?.position?.id ?? null;
  };
  const asOwn = <T>(work: () => Promise<T>) => as(scene.server, { role: 'READ_ONLY', institutionId: own }, work);

  it('a position is found by its id', async () => {
    expect(await ask({ id: only })).toBe(only);
    expect(await ask({ id: only, reference: null, of: null })).toBe(only);
    expect(await asOwn(() => ask({ id: theirs }))).toBeNull();
  });

  it('the only position of the institution with an external reference is found by it', async () => {
    expect(await ask({ reference: 'only', of: own })).toBe(only);
    expect(await asOwn(() => ask({ reference: 'only' }))).toBe(only);
    expect(await asOwn(() => ask({ reference: 'only', of: own }))).toBe(only);
  });

  it.each(['unknown', '', ' only', 'ONLY', 'onl', 'only\0', '\ud800', 'x'.repeat(10_000)])(
    'the reference %j finds nothing',
    async (reference) => {
      expect(await ask({ reference, of: own })).toBeNull();
      expect(await asOwn(() => ask({ reference }))).toBeNull();
    },
  );

  it('a reference finds no position of another or an unknown institution', async () => {
    expect(await asOwn(() => ask({ reference: 'theirs' }))).toBeNull();
    expect(await asOwn(() => ask({ reference: 'theirs', of: scene.other.institution.id }))).toBeNull();
    expect(await asOwn(() => ask({ reference: 'only', of: scene.other.institution.id }))).toBeNull();
    expect(await ask({ reference: 'only', of: 'nonsense' })).toBeNull();
  });

  it('a reference of several positions is rejected, and the message names the list to use', async () => {
    const several =
      'BAD_USER_INPUT: Several positions have this `externalReference`. List them with `positions(filter: { externalReference: ... })`.';
    expect(await ask({ reference: 'twice', of: own })).toBe(several);
    expect(await asOwn(() => ask({ reference: 'twice' }))).toBe(several);
  });

  it('exactly one of the id and the pair of reference and institution is accepted', async () => {
    const ways =
      'BAD_USER_INPUT: `position` requires either `id` or `externalReference`; `institutionId` is allowed only with `externalReference`.';
    expect(await ask({})).toBe(ways);
    expect(await ask({ id: null, reference: null })).toBe(ways);
    expect(await ask({ of: own })).toBe(ways);
    expect(await ask({ id: only, reference: 'only' })).toBe(ways);
    expect(await ask({ id: only, of: own })).toBe(ways);
    expect(await ask({ id: only, reference: 'only', of: own })).toBe(ways);
    expect(await ask({ reference: 'only' })).toBe(
      'BAD_USER_INPUT: `institutionId` is required with `externalReference`: the root key belongs to no institution.',
    );
  });

  it('a position is found by its new reference after updatePosition, and no longer by the old one', async () => {
    const { position } = await did(
      scene.server,
      'createPosition',
      opening(scene.deal, { externalReference: 'before' }),
    );
    await did(scene.server, 'updatePosition', { positionId: position?.id, externalReference: 'after' });
    expect(await ask({ reference: 'before', of: own })).toBeNull();
    expect(await ask({ reference: 'after', of: own })).toBe(position?.id);
  });
});

it('14 lookups by reference in one request send one statement', async () => {
  const sent: string[] = [];
  const server: TestServer = serve(await openPostgres(({ text }) => sent.push(text)));
  const made = await server.ask<{ createInstitution: { institution: { id: string } } }>(
    'mutation { createInstitution(input: { name: "B", regions: [US] }) { ... on CreateInstitutionPayload { institution { id } } } }',
  );
  server.viewer = { role: 'ADMIN', institutionId: made.data?.createInstitution.institution.id ?? '' };
  sent.length = 0;
  const fields = Array.from(
    { length: 14 },
    (_one, index) => `p${index}: position(externalReference: "r${index}") { id }`,
  );
  const { data, errors } = await server.ask(`{ ${fields.join(' ')} }`);
  expect([errors, Object.values(data ?? {})]).toEqual([undefined, fields.map(() => null)]);
  expect(sent).toHaveLength(1);
});
