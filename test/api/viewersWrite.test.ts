import { expect, it } from 'vitest';
import { mustBeClean, outcomeOf, recordOf } from '../support/answers.ts';
import { asset, type Mutation, position, template } from '../support/badInput.ts';
import { MOVES, MUTATIONS, type MutationName, target, UNKNOWN } from '../support/refusing.ts';
import { onBothStores } from '../support/stores.ts';
import { ROOT, tenantsOn, unknownOf } from '../support/tenants.ts';
import {
  CreateAssetDocument,
  CreateAssetTemplateDocument,
  CreateInstitutionDocument,
  CreatePositionDocument,
} from './documents/graphql.ts';

onBothStores((open) => {
  const { store, server, own, theirs, as } = tenantsOn(open);

  it('READ_ONLY is forbidden every mutation before any object is read', async () => {
    as('READ_ONLY');
    const before = await recordOf(store());
    for (const [name, document] of Object.entries(MUTATIONS) as [MutationName, Mutation][]) {
      const inputs = [own(), theirs(), { ...own(), created: UNKNOWN.position, funded: UNKNOWN.position }].map(
        (world) => {
          const creations = {
            createInstitution: { name: 'B', regions: ['US'] },
            createAssetTemplate: template({})(world),
          };
          const others = { createAsset: asset({})(world), createPosition: position({})(world) };
          return { ...creations, ...others }[name as string] ?? { positionId: world.funded, ...target(name) };
        },
      );
      const outcomes = await Promise.all(inputs.map((input) => outcomeOf(server(), document, input)));
      for (const outcome of outcomes) expect(outcome).toEqual({ ...outcomes[0], code: 'FORBIDDEN', path: null });
    }
    expect(await recordOf(store())).toEqual(before);
  });

  it('ADMIN cannot create institutions', async () => {
    as('ADMIN');
    const outcome = await outcomeOf(server(), CreateInstitutionDocument, { name: 'Bank', regions: ['US'] });
    expect(outcome).toMatchObject({ code: 'FORBIDDEN', message: 'This mutation requires the root key.' });
  });

  it('every mutation reports ids of other institutions like unknown ids', async () => {
    as('ADMIN');
    const before = await recordOf(store());
    const inst = theirs().deal.institution.id;
    const cases: readonly (readonly [Mutation, (id: string) => object, string])[] = [
      [CreateAssetTemplateDocument, (institutionId) => template({ institutionId })(own()), inst],
      [CreateAssetDocument, (institutionId) => asset({ institutionId })(own()), inst],
      [CreatePositionDocument, (institutionId) => position({ institutionId })(own()), inst],
      [CreateAssetDocument, (templateId) => asset({ templateId })(own()), theirs().deal.templateId],
      [
        CreateAssetDocument,
        (templateId) => ({ ...asset({ templateId })(own()), institutionId: own().deal.institution.id }),
        theirs().deal.templateId,
      ],
      [CreatePositionDocument, (assetId) => position({ assetId })(own()), theirs().deal.assetId],
      [
        CreatePositionDocument,
        (assetId) => ({ ...position({ assetId })(own()), institutionId: own().deal.institution.id }),
        theirs().deal.assetId,
      ],
      ...MOVES.map(
        (name) =>
          [
            MUTATIONS[name],
            (positionId: string) => ({ positionId, expectedVersion: 99, ...target(name) }),
            theirs().funded,
          ] as const,
      ),
    ];
    for (const [document, input, id] of cases) {
      const theirAnswer = await server().ask(document, { input: input(id) });
      const unknownAnswer = await server().ask(document, { input: input(unknownOf(id)) });
      mustBeClean(server(), theirAnswer);
      expect(theirAnswer.text).toContain('"code":"NOT_FOUND"');
      expect(theirAnswer.text.replaceAll(id, unknownOf(id))).toBe(unknownAnswer.text);
    }
    expect(await recordOf(store())).toEqual(before);
  });

  it('an institution may always omit its id, and root only where another id determines it', async () => {
    const ofTemplate = (patch: object) => outcomeOf(server(), CreateAssetTemplateDocument, template(patch)(own()));
    server().viewer = ROOT;
    expect(await ofTemplate({ institutionId: undefined })).toMatchObject({
      code: 'VALIDATION_FAILED',
      path: ['institutionId'],
    });
    for (const viewer of [ROOT, { role: 'ADMIN', institutionId: own().deal.institution.id } as const]) {
      server().viewer = viewer;
      for (const institutionId of [undefined, null, own().deal.institution.id]) {
        const made = [
          await outcomeOf(server(), CreateAssetDocument, asset({ institutionId })(own())),
          await outcomeOf(server(), CreatePositionDocument, position({ institutionId })(own())),
          ...(viewer.role === 'ROOT' && !institutionId ? [] : [await ofTemplate({ institutionId })]),
        ];
        for (const { code } of made) expect(code).toBeUndefined();
      }
    }
  });

  it('an event records its actor', async () => {
    as('ADMIN');
    const made = await outcomeOf(server(), CreatePositionDocument, position({})(own()));
    expect(made).toMatchObject({ event: { actor: { kind: 'API_KEY' } } });
    server().viewer = ROOT;
    expect(await outcomeOf(server(), CreatePositionDocument, position({})(own()))).toMatchObject({
      event: { actor: { kind: 'ROOT' } },
    });
  });
});
