import { GraphQLUnionType, getNamedType } from 'graphql';
import { expect, it } from 'vitest';
import type { Viewer } from '../../src/domain/viewer.ts';
import { schema } from '../../src/schema/index.ts';
import { CHAT_MUTATIONS } from '../support/conversation.ts';
import { fundedPosition, openPosition } from '../support/deal.ts';
import { MOVES, MUTATIONS, type MutationName, type Scene, sceneOn, target, UNKNOWN } from '../support/refusing.ts';
import { onBothStores } from '../support/stores.ts';
import type { PositionTermsInput } from './documents/graphql.ts';

/** The inputs that make a mutation return each member of its union. The payload comes last. */
type Ways = { readonly [member: string]: object };

/** Positions whose terms conflict with a move: an agreement is missing, or an amount is retained. */
interface Conflicting {
  readonly unagreed: string;
  readonly retained: string;
}
const TERMS = {
  parties: [
    { role: 'PAYER', reference: 'buyer' },
    { role: 'PAYEE', reference: 'seller' },
  ],
} satisfies PositionTermsInput;

function waysOf(
  mutation: MutationName,
  { limited, funded, created, ended, tightened, unagreed, retained }: Scene & Conflicting,
): Ways {
  const institutionId = limited.institution.id;
  const template = { institutionId, code: 'CONSTR_RETAINAGE', name: 'R', vertical: 'CONSTRUCTION', region: 'SG' };
  const config = { currency: 'SGD', retainagePercentage: '5' };
  const taken = { externalReference: 'taken', uniqueReference: true };
  const position = {
    assetId: limited.assetId,
    holderReference: 'h',
    amount: { amount: '10', currencyCode: 'USD' },
  };
  const positionId = { releasePosition: funded, transitionPosition: funded }[mutation as string] ?? created;
  const move: { readonly positionId: string; readonly all?: true } = { positionId, ...target(mutation) };
  const { all: _everything, ...part } = move;
  const moved = mutation === 'transitionPosition' ? { ...move, toState: 'CANCELLED' } : move;
  const moves: Ways = {
    ValidationError: { ...move, reason: '\u0000' },
    ForbiddenError: move,
    NotFoundError: { ...move, positionId: UNKNOWN.position },
    IllegalTransitionError: { ...move, positionId: ended },
    StaleVersionError: { ...move, expectedVersion: 7 },
    InsufficientFundsError: { ...part, amount: '999999999' },
    [`${mutation[0]?.toUpperCase()}${mutation.slice(1)}Payload`]: moved,
  };
  switch (mutation) {
    case 'createInstitution':
      return {
        ValidationError: { name: '', regions: ['SG'] },
        ForbiddenError: { name: 'Bank', regions: ['SG'] },
        CreateInstitutionPayload: { name: 'Bank', regions: ['SG'] },
      };
    case 'createAssetTemplate':
      return {
        ValidationError: { ...template, config: {} },
        ForbiddenError: { ...template, config },
        NotFoundError: { ...template, config, institutionId: UNKNOWN.institution },
        CreateAssetTemplatePayload: { ...template, config },
      };
    case 'createAsset':
      return {
        ValidationError: { templateId: limited.templateId, label: '' },
        ForbiddenError: { templateId: limited.templateId, label: 'Pier' },
        NotFoundError: { templateId: UNKNOWN.template, label: 'Pier' },
        CreateAssetPayload: { templateId: limited.templateId, label: 'Pier' },
      };
    case 'createPosition':
      return {
        ValidationError: { ...position, holderReference: '' },
        ForbiddenError: position,
        NotFoundError: { ...position, assetId: UNKNOWN.asset },
        PolicyViolationError: { ...position, amount: { amount: '1', currencyCode: 'USD' } },
        CreatePositionPayload: { ...position, ...taken },
        ConflictError: { ...position, ...taken },
      };
    case 'releasePosition':
      return moves;
    case 'transitionPosition':
      return {
        ...moves,
        PolicyViolationError: { positionId: tightened, toState: 'FUNDED' },
        ConflictError: { positionId: unagreed, toState: 'FUNDED' },
      };
    case 'fundPosition': {
      const { InsufficientFundsError: _none, ...rest } = moves;
      return { ...rest, PolicyViolationError: { positionId: tightened }, ConflictError: { positionId: unagreed } };
    }
    case 'cancelPosition': {
      const { InsufficientFundsError: _none, ...rest } = moves;
      return { ...rest, ConflictError: { positionId: retained } };
    }
    case 'expirePosition': {
      const { InsufficientFundsError: _none, ...rest } = moves;
      return rest;
    }
  }
}

const membersOf = (mutation: MutationName): string[] => {
  const type = schema.getMutationType()?.getFields()[mutation]?.type;
  const union = type && getNamedType(type);
  const members = union instanceof GraphQLUnionType ? union.getTypes().map(({ name }) => name) : [];
  return members.filter((member) => !ELSEWHERE.includes(member));
};

/** Idempotency keys and full stores have separate tests. */
const ELSEWHERE: readonly string[] = ['IdempotencyConflictError', 'CapacityError'];
/** Mutations whose user errors are tested elsewhere. */
const OTHERS: readonly string[] = [
  'applyPositions',
  'setPolicy',
  'deletePolicy',
  'createApiKey',
  'revokeApiKey',
  'rotateApiKey',
  'updateInstitution',
  'updateAssetTemplate',
  'updateAsset',
  'updatePosition',
  'refundPosition',
  'amendPosition',
  'agreeToPosition',
  ...CHAT_MUTATIONS,
  // test/webhooks/endpoints.test.ts
  'createWebhookEndpoint',
  'updateWebhookEndpoint',
  'deleteWebhookEndpoint',
  'rotateWebhookSecret',
  'redeliverWebhooks',
];

it('every mutation has an input for each user error, here or elsewhere', () => {
  expect(Object.keys(schema.getMutationType()?.getFields() ?? {}).toSorted()).toEqual(
    [...Object.keys(MUTATIONS), ...OTHERS].toSorted(),
  );
  expect(Object.keys(MUTATIONS)).toEqual(expect.arrayContaining([...MOVES]));
});

onBothStores((open) => {
  const { server, scene, ask } = sceneOn(open);
  it.each(Object.keys(MUTATIONS) as MutationName[])('%s returns every member of its union', async (mutation) => {
    const { limited } = scene();
    const { id: created } = await openPosition(server(), limited);
    const { id: funded } = await fundedPosition(server(), limited);
    const { id: unagreed } = await openPosition(server(), limited, { terms: { ...TERMS, agreementRequired: true } });
    const terms = { ...TERMS, retainagePercentage: '10' };
    const { id: retained } = await fundedPosition(server(), limited, '100.00', { terms });
    await ask('releasePosition', { positionId: retained, amount: '50.00' });
    const ways = waysOf(mutation, { ...scene(), created, funded, unagreed, retained });
    expect(Object.keys(ways).toSorted()).toEqual(membersOf(mutation).toSorted());
    for (const [member, input] of Object.entries(ways)) {
      const reader: Viewer = { role: 'READ_ONLY', institutionId: limited.institution.id };
      const outcome = await ask(mutation, input, member === 'ForbiddenError' ? reader : undefined);
      expect([mutation, outcome.__typename]).toEqual([mutation, member]);
    }
  });
});
