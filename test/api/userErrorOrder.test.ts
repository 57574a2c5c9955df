import { describe, expect, it } from 'vitest';
import type { Viewer } from '../../src/domain/viewer.ts';
import { afterDays, day, MOVES, sceneOn, target, UNKNOWN } from '../support/refusing.ts';
import { START } from '../support/server.ts';
import { onBothStores } from '../support/stores.ts';

describe('the order of user errors', () => {
  onBothStores((open) => {
    const { server, scene, ask, refused } = sceneOn(open);
    const about = (assetId: string, amount: string, currencyCode = 'USD') => ({
      assetId,
      holderReference: 'h',
      amount: { amount, currencyCode },
    });

    it('the role is checked before the input', async () => {
      const inputs = {
        createInstitution: { name: '', regions: [] },
        createAssetTemplate: { code: '', name: '', vertical: 'CONSTRUCTION', region: 'US', config: { a: 1 } },
        createAsset: { templateId: UNKNOWN.template, label: '' },
        createPosition: about(UNKNOWN.asset, '-1', 'XXX'),
      };
      const { institutionId } = { institutionId: scene().limited.institution.id };
      const reader: Viewer = { role: 'READ_ONLY', institutionId };
      const no = { __typename: 'ForbiddenError', code: 'FORBIDDEN', path: null };
      for (const mutation of ['createInstitution', 'createAssetTemplate', 'createAsset', 'createPosition'] as const) {
        expect(await refused(mutation, inputs[mutation], reader)).toMatchObject(no);
      }
      for (const mutation of MOVES) {
        expect(
          await refused(mutation, { positionId: UNKNOWN.position, reason: '\u0000', ...target(mutation) }, reader),
        ).toMatchObject(no);
      }
      expect(
        await refused('createInstitution', inputs.createInstitution, { role: 'ADMIN', institutionId }),
      ).toMatchObject(no);
    });

    it('the input is checked before the object, and all validation issues are returned at once', async () => {
      expect(
        await refused('createPosition', {
          ...about(UNKNOWN.asset, '1.001'),
          holderReference: ' ',
          externalReference: '',
          expiresAt: day(0),
          metadata: { a: '\u0000' },
        }),
      ).toMatchObject({
        __typename: 'ValidationError',
        path: ['holderReference'],
        issues: [
          { path: ['holderReference'] },
          { path: ['externalReference'] },
          { path: ['metadata'] },
          { path: ['amount', 'amount'] },
          { path: ['expiresAt'] },
        ],
      });
      const no = { __typename: 'ValidationError', code: 'VALIDATION_FAILED' };
      expect(await refused('createPosition', about(UNKNOWN.asset, '1', 'XXX'))).toMatchObject({
        ...no,
        path: ['amount', 'currencyCode'],
      });
      expect(await refused('createAsset', { templateId: UNKNOWN.template, label: '' })).toMatchObject({
        ...no,
        path: ['label'],
      });
      const template = { institutionId: UNKNOWN.institution, name: 'n', vertical: 'CONSTRUCTION', region: 'US' };
      const config = { currency: 'XXX', region: 'US' };
      expect(await refused('createAssetTemplate', { ...template, code: 'CONSTR_ESCROW', config })).toMatchObject(no);
      for (const mutation of MOVES) {
        const input = { positionId: UNKNOWN.position, reason: '\u0000', expectedVersion: 9, ...target(mutation) };
        expect(await refused(mutation, input)).toMatchObject({ ...no, path: ['reason'] });
      }
    });

    it('the object is checked before its version, its state and the rules', async () => {
      const { limited, timed } = scene();
      for (const mutation of MOVES) {
        const input = { positionId: UNKNOWN.position, expectedVersion: 9, ...target(mutation) };
        const no = { __typename: 'NotFoundError', code: 'NOT_FOUND', path: ['positionId'], id: UNKNOWN.position };
        expect(await refused(mutation, input)).toMatchObject(no);
      }
      expect(await refused('createPosition', about(UNKNOWN.asset, '1', 'EUR'))).toMatchObject({
        code: 'NOT_FOUND',
        path: ['assetId'],
      });
      const { id: institutionId } = timed.institution;
      const input = { ...about(limited.assetId, '1', 'EUR'), institutionId };
      expect(await refused('createPosition', input)).toMatchObject({
        code: 'NOT_FOUND',
        path: ['institutionId'],
        id: institutionId,
      });
    });

    it('the version is checked before the state and the expiry', async () => {
      const { ended, late } = scene();
      server().now = afterDays(25);
      for (const positionId of [ended, late]) {
        for (const mutation of MOVES) {
          const input = { positionId, expectedVersion: 9, ...target(mutation) };
          const no = { __typename: 'StaleVersionError', code: 'STALE_VERSION', path: ['expectedVersion'] };
          expect(await refused(mutation, input)).toMatchObject({
            ...no,
            expectedVersion: 9,
            currentVersion: positionId === ended ? 3 : 1,
          });
        }
      }
      server().now = START;
    });

    it('the state is checked before the amount', async () => {
      const { created, funded, ended } = scene();
      const allowedTransitions = ['FUNDED', 'CANCELLED', 'EXPIRED'];
      const no = {
        __typename: 'IllegalTransitionError',
        code: 'ILLEGAL_TRANSITION',
        from: 'CREATED',
        allowedTransitions,
      };
      const part = { positionId: created, toState: 'PARTIALLY_RELEASED' };
      expect(await refused('transitionPosition', part)).toMatchObject({ ...no, to: 'PARTIALLY_RELEASED' });
      expect(await refused('transitionPosition', { ...part, amount: '0.001' })).toMatchObject(no);
      expect(await refused('transitionPosition', { ...part, toState: 'CREATED', amount: '1' })).toMatchObject({
        ...no,
        to: 'CREATED',
      });
      expect(await refused('releasePosition', { positionId: created, amount: '0.001' })).toMatchObject(no);
      expect(await refused('releasePosition', { positionId: created, amount: '1000000' })).toMatchObject({
        ...no,
        to: 'PARTIALLY_RELEASED',
      });
      expect(await refused('releasePosition', { positionId: created, all: true })).toMatchObject({
        ...no,
        to: 'RELEASED',
      });
      const again = { positionId: funded, toState: 'FUNDED', amount: '1' };
      expect(await refused('transitionPosition', again)).toMatchObject({
        code: 'ILLEGAL_TRANSITION',
        from: 'FUNDED',
        to: 'FUNDED',
      });
      for (const mutation of MOVES) {
        const expected = { code: 'ILLEGAL_TRANSITION', from: 'CANCELLED', allowedTransitions: [] };
        expect(await refused(mutation, { positionId: ended, ...target(mutation) })).toMatchObject(expected);
      }
    });

    it('the expiry is checked before the amount, and after it only EXPIRED is allowed', async () => {
      const { late } = scene();
      server().now = afterDays(20);
      for (const mutation of MOVES.filter((name) => name !== 'expirePosition')) {
        const expected = { code: 'ILLEGAL_TRANSITION', from: 'CREATED', allowedTransitions: ['EXPIRED'] };
        expect(await refused(mutation, { positionId: late, ...target(mutation) })).toMatchObject(expected);
      }
      expect(await ask('expirePosition', { positionId: late })).toMatchObject({ position: { state: 'EXPIRED' } });
      server().now = START;
    });
  });
});
