import { expect, it } from 'vitest';
import { AUDIT_ACTIONS } from '../../src/domain/auditEvent.ts';
import type { AuditPartsFragment } from '../api/documents/graphql.ts';
import {
  as,
  call,
  countsOf,
  did,
  MUTATIONS,
  type MutationName,
  opening,
  type Reply,
  sceneOn,
  trailOf,
  UNKNOWN,
} from '../support/accounting.ts';
import { fundedPosition, openPosition, TERMS, withTerms } from '../support/deal.ts';
import { onBothStores } from '../support/stores.ts';

const REGION = { region: 'US' } as const;

onBothStores((open) => {
  const scene = sceneOn(open);

  /** Returns a valid input of each mutation, and the type of the object that it changes. */
  const doing = async (mutation: MutationName): Promise<readonly [input: object, type: string | null]> => {
    const { server, deal } = scene;
    const { id: institutionId } = deal.institution;
    const funded = async () => ({ positionId: (await fundedPosition(server, deal)).id });
    switch (mutation) {
      case 'createInstitution':
        return [{ name: 'Bank', regions: ['US'] }, 'Institution'];
      case 'createAssetTemplate':
        return [
          {
            institutionId,
            code: 'CONSTR_RETAINAGE',
            name: 'Retainage',
            vertical: 'CONSTRUCTION',
            region: 'US',
            config: { currency: 'USD', retainagePercentage: '5' },
          },
          'AssetTemplate',
        ];
      case 'createAsset':
        return [{ templateId: deal.templateId, label: 'Pier', metadata: { b: 1, a: [null] } }, 'Asset'];
      case 'createPosition':
        return [opening(deal, { expiresAt: '2027-01-01T00:00:00.000Z' }), 'Position'];
      case 'updateInstitution':
        return [{ institutionId, name: 'Bank & Co', regions: ['SG', 'US'] }, 'Institution'];
      case 'updateAssetTemplate':
        return [{ templateId: deal.templateId, name: 'Escrow, updated' }, 'AssetTemplate'];
      case 'updateAsset':
        return [{ assetId: deal.assetId, metadata: { b: 1, a: [null] } }, 'Asset'];
      case 'updatePosition':
        return [{ ...(await funded()), externalReference: 'INV-7', expectedVersion: 2 }, 'Position'];
      case 'fundPosition':
        return [{ positionId: (await openPosition(server, deal)).id, reason: 'Wire' }, 'Position'];
      case 'transitionPosition':
        return [{ ...(await funded()), toState: 'PARTIALLY_RELEASED', amount: '1.5' }, 'Position'];
      case 'refundPosition':
      case 'releasePosition':
        return [{ ...(await funded()), amount: '0.5', metadata: { a: 1 } }, 'Position'];
      case 'cancelPosition':
      case 'expirePosition':
        return [await funded(), 'Position'];
      case 'amendPosition':
        return [{ ...(await withTerms(server, deal)), terms: TERMS, reason: 'Wrong payee' }, 'Position'];
      case 'agreeToPosition':
        return [{ ...(await withTerms(server, deal)), partyReference: 'seller', termsVersion: 1 }, 'Position'];
      case 'applyPositions':
        return [{ operations: [{ create: opening(deal) }] }, null];
      case 'setPolicy':
        return [{ institutionId, ...REGION, limits: [{ currencyCode: 'USD', minAmount: '0.01' }] }, 'Policy'];
      case 'deletePolicy':
        await did(server, 'setPolicy', { institutionId, ...REGION });
        return [{ institutionId, ...REGION }, 'Policy'];
    }
  };

  /** Runs the mutation and returns the one audit event that it wrote. */
  const audited = async (mutation: MutationName, input: object): Promise<readonly [AuditPartsFragment, Reply]> => {
    const { store, server } = scene;
    const before = await countsOf(store);
    server.now += 1;
    const reply = await call(server, mutation, input, { 'x-request-id': `req-${server.now}` });
    expect((await countsOf(store)).auditEvents).toBe(before.auditEvents + 1);
    const [event, ...others] = await trailOf(server, { requestId: `req-${server.now}` });
    if (!event) throw new Error('There is no audit event.');
    expect(others).toEqual([]);
    expect(event).toMatchObject({ action: AUDIT_ACTIONS[mutation], createdAt: new Date(server.now).toISOString() });
    return [event, reply];
  };

  it.each(MUTATIONS)('%s writes one audit event when it succeeds', async (mutation) => {
    const [input, resourceType] = await doing(mutation);
    const [event, reply] = await audited(mutation, input);
    const about = { ...reply } as unknown as Record<string, { readonly id?: string } | string>;
    const made =
      about[(resourceType ?? '').replace(/^./, (letter) => letter.toLowerCase())] ?? about['deletedPolicyId'];
    expect(event).toMatchObject({
      outcome: 'SUCCESS',
      errorCode: null,
      actor: { kind: 'ROOT' },
      resourceType,
      resourceId: resourceType && (typeof made === 'string' ? made : made?.id),
    });
    const { institution } = scene.deal;
    expect(event.institution).toEqual(mutation === 'createInstitution' ? null : { id: institution.id });
    // The payload of a batch is summarised.
    const expectedPayload = 'operations' in input ? { operations: 1, atomic: true, dryRun: false } : input;
    expect(event.payload).toMatchObject(expectedPayload);
  });

  it.each(MUTATIONS)('%s writes one audit event when the role is not allowed to run it', async (mutation) => {
    const { server, store, deal } = scene;
    const [input] = await doing(mutation);
    const { auditEvents: _more, ...before } = await countsOf(store);
    const { id: institutionId } = deal.institution;
    await as(server, { role: 'READ_ONLY', institutionId }, async () => {
      const [event, { code }] = await audited(mutation, input);
      expect([code, event.errorCode, event.outcome]).toEqual(['FORBIDDEN', 'FORBIDDEN', 'FAILURE']);
      expect(event).toMatchObject({ actor: { kind: 'API_KEY' }, institution: { id: institutionId } });
    });
    expect(await countsOf(store)).toMatchObject(before);
  });

  it.each(MUTATIONS)('%s writes one audit event when the input breaks a validation rule', async (mutation) => {
    const [input] = await doing(mutation);
    const [event, { code }] = await audited(mutation, { ...input, idempotencyKey: '' });
    expect([code, event.errorCode, event.outcome]).toEqual(['VALIDATION_FAILED', 'VALIDATION_FAILED', 'FAILURE']);
    expect(event.payload).toMatchObject({ idempotencyKey: '' });
  });

  it.each<readonly [string, MutationName, object, string]>([
    ['an unknown object', 'fundPosition', { positionId: UNKNOWN }, 'NOT_FOUND'],
    ['a malformed id', 'fundPosition', { positionId: 'nobody' }, 'NOT_FOUND'],
    ['an unknown institution', 'setPolicy', { institutionId: 'nobody', ...REGION }, 'NOT_FOUND'],
  ])('a mutation with %s writes one audit event without an institution', async (_what, mutation, input, code) => {
    const [event, reply] = await audited(mutation, input);
    expect([reply.code, event.errorCode, event.institution]).toEqual([code, code, null]);
    const wellFormed = 'positionId' in input && input.positionId === UNKNOWN;
    expect([event.resourceType, event.resourceId]).toEqual(wellFormed ? ['Position', UNKNOWN] : [null, null]);
  });

  it('each user error that depends on state writes one audit event about its object, and nothing else', async () => {
    const { server, store, deal } = scene;
    const { id: positionId } = await fundedPosition(server, deal);
    const { id: institutionId } = deal.institution;
    await did(server, 'setPolicy', { institutionId, ...REGION, allowedCurrencies: ['USD'] });
    await did(server, 'createAsset', { templateId: deal.templateId, label: 'a', idempotencyKey: 'k' });
    const { auditEvents: _more, ...before } = await countsOf(store);
    const refusals: readonly (readonly [MutationName, object, string])[] = [
      ['fundPosition', { positionId }, 'ILLEGAL_TRANSITION'],
      ['releasePosition', { positionId, amount: '100.01' }, 'INSUFFICIENT_FUNDS'],
      ['releasePosition', { positionId, amount: '0.001' }, 'VALIDATION_FAILED'],
      ['cancelPosition', { positionId, expectedVersion: 9 }, 'STALE_VERSION'],
      ['createPosition', opening(deal, { amount: { amount: '1', currencyCode: 'EUR' } }), 'POLICY_VIOLATION'],
      ['setPolicy', { institutionId, ...REGION, expectedVersion: 99 }, 'STALE_VERSION'],
      ['setPolicy', { institutionId, region: 'UAE' }, 'VALIDATION_FAILED'],
      ['deletePolicy', { institutionId, region: 'SG' }, 'NOT_FOUND'],
      ['createAsset', { templateId: deal.templateId, label: 'b', idempotencyKey: 'k' }, 'IDEMPOTENCY_CONFLICT'],
      ['applyPositions', { operations: [{ transition: { positionId, toState: 'CREATED' } }] }, 'ILLEGAL_TRANSITION'],
    ];
    for (const [mutation, input, code] of refusals) {
      const [event, reply] = await audited(mutation, input);
      expect([mutation, reply.code ?? reply.results?.[0]?.error?.code, event.errorCode]).toEqual([
        mutation,
        code,
        code,
      ]);
      expect(event).toMatchObject({ outcome: 'FAILURE', institution: { id: institutionId } });
      const about = 'positionId' in input ? { resourceType: 'Position', resourceId: positionId } : {};
      expect(event).toMatchObject(about);
      expect(await countsOf(store)).toMatchObject(before);
    }
  });
});
