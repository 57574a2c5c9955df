import { beforeAll, describe, expect, it } from 'vitest';
import { AUDIT_ACTIONS } from '../../src/domain/auditEvent.ts';
import { AuditEventsDocument, AuditNodeDocument } from '../api/documents/graphql.ts';
import { as, call, type Scene, sceneOn, trailOf } from '../support/accounting.ts';
import { openPosition } from '../support/deal.ts';
import { START } from '../support/server.ts';
import { onBothStores } from '../support/stores.ts';

onBothStores((open) => {
  const scene = sceneOn(open);
  const ownDeal = (): Scene['deal'] => scene.deal;

  describe('predecessor mistake 13: the audit log could not be read, missed some actions and lost the request id', () => {
    it('a request id from the client is stored and returned in the response', async () => {
      const { server } = scene;
      const input = { name: 'Bank', regions: ['US'] };
      const document = 'mutation ($input: CreateInstitutionInput!) { createInstitution(input: $input) { __typename } }';
      const named = await server.ask(document, { input }, { 'X-Request-Id': 'order/2026:7' });
      expect(named.requestId).toBe('order/2026:7');
      expect(await trailOf(server, { requestId: 'order/2026:7' })).toMatchObject([{ payload: input }]);
      for (const id of ['two words', '<script>', 'a'.repeat(201), '']) {
        const answer = await server.ask(document, { input }, { 'x-request-id': id });
        expect(answer.requestId).toMatch(/^[0-9a-f-]{36}$/);
        expect(await trailOf(server, { requestId: answer.requestId ?? '' })).toHaveLength(1);
      }
    });

    it('the audit events of all mutations of a request have its request id', async () => {
      const document = `mutation ($input: CreateAssetInput!) {
        a: createAsset(input: $input) { __typename } b: createAsset(input: $input) { __typename }
        c: createAsset(input: { templateId: "nobody", label: "" }) { __typename }
      }`;
      const { requestId } = await scene.server.ask(document, {
        input: { templateId: ownDeal().templateId, label: 'a' },
      });
      const events = await trailOf(scene.server, { requestId: requestId ?? '' });
      expect(events.map(({ outcome }) => outcome).toSorted()).toEqual(['FAILURE', 'SUCCESS', 'SUCCESS']);
    });

    it('every mutation has its own audit action', async () => {
      const actions = Object.values(AUDIT_ACTIONS);
      expect(new Set(actions).size).toBe(actions.length);
      const { data } = await scene.server.ask('{ __schema { mutationType { fields { name } } } }');
      const { __schema } = data as { __schema: { mutationType: { fields: { name: string }[] } } };
      expect(__schema.mutationType.fields.map(({ name }) => name).toSorted()).toEqual(
        Object.keys(AUDIT_ACTIONS).toSorted(),
      );
    });
  });

  describe('auditEvents', () => {
    let ids: { readonly [name: string]: string };
    beforeAll(async () => {
      const { server, deal, other } = scene;
      server.now = START + 100_000;
      const { id: first } = await openPosition(server, deal);
      server.now += 1_000;
      await call(server, 'releasePosition', { positionId: first, all: true });
      server.now += 1_000;
      const { id: second } = await openPosition(server, other);
      ids = { first, second };
    });
    const listed = async (filter: object): Promise<readonly unknown[]> => {
      const createdAt = { gte: new Date(START + 100_000).toISOString() };
      const events = await trailOf(scene.server, { createdAt, ...filter });
      return events.map(({ action, outcome }) => `${action} ${outcome}`);
    };
    const own = ['POSITION_RELEASED FAILURE', 'POSITION_CREATED SUCCESS'];

    it('auditEvents are newest first and filtered by institution, action, outcome, object and time', async () => {
      expect(await listed({})).toEqual(['POSITION_CREATED SUCCESS', ...own]);
      expect(await listed({ institutionId: ownDeal().institution.id })).toEqual(own);
      expect(await listed({ resourceId: ids['first'], createdAt: null })).toEqual(own);
      expect(await listed({ outcome: 'FAILURE' })).toEqual([own[0]]);
      expect(await listed({ outcome: 'SUCCESS', institutionId: ownDeal().institution.id })).toEqual([own[1]]);
      expect(await listed({ actions: ['POSITION_RELEASED', 'POLICY_SET'] })).toEqual([own[0]]);
      expect(await listed({ createdAt: { gt: new Date(START + 101_000).toISOString() } })).toEqual([own[1]]);
      for (const filter of [
        { actions: [] },
        { actions: ['NOTHING', '\u0000'] },
        { apiKeyId: 'key_1' },
        { requestId: '\u0000' },
      ]) {
        expect(await listed(filter)).toEqual([]);
      }
    });

    it('auditEvents are paged, and each is found by node', async () => {
      const { auditEvents } = await scene.server.run(AuditEventsDocument, { first: 1 });
      expect([auditEvents?.nodes.length, auditEvents?.pageInfo.hasNextPage]).toEqual([1, true]);
      const after = auditEvents?.pageInfo.endCursor ?? null;
      const next = await scene.server.run(AuditEventsDocument, { first: 1, after });
      expect(next.auditEvents?.nodes[0]?.action).toBe('POSITION_RELEASED');
      const [event] = auditEvents?.nodes ?? [];
      const { node } = await scene.server.run(AuditNodeDocument, { id: event?.id ?? '' });
      expect(node).toEqual(event);
    });

    it('auditEvents returns only events of the institution of the viewer', async () => {
      const viewer = { role: 'READ_ONLY', institutionId: scene.other.institution.id } as const;
      await as(scene.server, viewer, async () => {
        expect(await listed({})).toEqual(['POSITION_CREATED SUCCESS']);
        expect(await listed({ resourceId: ids['first'] })).toEqual([]);
      });
    });
  });
});
