import type { AuditEvent as AuditEventRow } from '../domain/auditEvent.ts';
import { builder } from './builder.ts';
import { connect, connectionType, pageArgs } from './connection.ts';
import { anyOf, DateTimeRange, equals, whereOf, withinTimes } from './filter.ts';
import { Institution } from './institution.ts';
import { Actor } from './lifecycleEvent.ts';
import { Node, node } from './node.ts';

const AuditOutcome = builder.enumType('AuditOutcome', {
  description: 'How an attempt ended.',
  values: {
    SUCCESS: { description: 'It was done.' },
    FAILURE: { description: 'It was refused; nothing was changed.' },
  },
});

const AuditEvent = builder.objectRef<AuditEventRow>('AuditEvent').implement({
  description:
    'The record of one attempted mutation, or of rejected requests, which are one event per minute and address or API key. Beyond a limit per API key and minute, refused attempts are one event per action and error code. Events of a minute are written after it. Never changed once written.',
  interfaces: [Node],
  fields: (t) => ({
    institution: t.field({
      type: Institution,
      nullable: true,
      description: 'Whose trail it is in; null if no institution is concerned.',
      resolve: ({ institutionId }, _args, { read }) => read.institutions.byId(institutionId),
    }),
    action: t.exposeString('action', {
      description:
        'What was attempted: POSITION_FUNDED, POLICY_SET, ...; or what came of requests that were turned away: ACCESS_REFUSED, RATE_LIMITED.',
    }),
    outcome: t.expose('outcome', { type: AuditOutcome, description: 'How it ended.' }),
    actor: t.field({ type: Actor, description: 'Who attempted it.', resolve: (event) => event }),
    resourceType: t.exposeString('resourceType', { nullable: true, description: 'The type of what it was about.' }),
    resourceId: t.exposeID('resourceId', { nullable: true, description: 'The id of what it was about.' }),
    requestId: t.exposeString('requestId', {
      nullable: true,
      description: 'The request that it came with, as the answer and the log name it.',
    }),
    errorCode: t.exposeString('errorCode', { nullable: true, description: 'Why it was refused; null if it was done.' }),
    payload: t.expose('payload', {
      type: 'JSONObject',
      nullable: true,
      description:
        'The input, as far as it can be stored; or only its size and field names if the attempt was forbidden or refused attempts took too much room. Rejected requests have `address`, and events of several requests or attempts have `occurrences`. Never a secret.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was attempted.' }),
  }),
});
node('aud', 'AuditEvent', (read, id) => read.auditEvents.byId(id));

const AuditEventConnection = connectionType(AuditEvent);
const AuditEventFilter = builder.inputType('AuditEventFilter', {
  description: 'Which audit events. Members are and-ed, the values of a list or-ed; an empty list matches nothing.',
  fields: (t) => ({
    institutionId: t.id({ description: 'In the trail of this institution.' }),
    actions: t.stringList({ description: 'One of these actions.' }),
    outcome: t.field({ type: AuditOutcome, description: 'That ended so.' }),
    resourceId: t.id({ description: 'About the object with this id.' }),
    apiKeyId: t.id({ description: 'Attempted with this API key.' }),
    requestId: t.string({ description: 'That came with this request.' }),
    createdAt: t.field({ type: DateTimeRange, description: 'Attempted then.' }),
  }),
});

builder.queryField('auditEvents', (t) =>
  t.field({
    type: AuditEventConnection,
    nullable: true,
    description: 'The audit trail, newest first.',
    args: { filter: t.arg({ type: AuditEventFilter, description: 'Which of it; all if left out.' }), ...pageArgs },
    resolve: (_root, { filter, ...page }, { read }) => {
      const where = whereOf<AuditEventRow>({
        institutionId: equals(filter?.institutionId),
        action: anyOf('actions', filter?.actions),
        outcome: equals(filter?.outcome),
        resourceId: equals(filter?.resourceId),
        apiKeyId: equals(filter?.apiKeyId),
        requestId: equals(filter?.requestId),
        createdAt: withinTimes(filter?.createdAt),
      });
      return connect(read.auditEvents, 'AuditEvent', { where }, { by: ['createdAt'], direction: 'DESC' }, page);
    },
  }),
);
