import type { AuditEvent as AuditEventRow } from '../domain/auditEvent.ts';
import { builder } from './builder.ts';
import { connect, connectionType, pageArgs } from './connection.ts';
import { anyOf, DateTimeRange, describeFilter, equals, whereOf, withinTimes } from './filter.ts';
import { Institution } from './institution.ts';
import { Actor } from './lifecycleEvent.ts';
import { Node, node } from './node.ts';

const AuditOutcome = builder.enumType('AuditOutcome', {
  description: 'The outcome of an attempt.',
  values: {
    SUCCESS: { description: 'The mutation was executed.' },
    FAILURE: { description: 'The mutation or request was rejected; nothing was changed.' },
  },
});

const AuditEvent = builder.objectRef<AuditEventRow>('AuditEvent').implement({
  description:
    'The record of one attempted mutation or of rejected requests. Rejected requests are summarized in one event per minute, action and address or API key; so are failed attempts above a limit per API key and minute, in one event per action and error code. Summaries are written when the minute has passed. Audit events never change.',
  interfaces: [Node],
  fields: (t) => ({
    institution: t.field({
      type: Institution,
      nullable: true,
      description: 'The institution whose audit log contains the event, or null if the event concerns no institution.',
      resolve: ({ institutionId }, _args, { read }) => read.institutions.byId(institutionId),
    }),
    action: t.exposeString('action', {
      description:
        'The attempted action, such as POSITION_FUNDED or POLICY_SET; for rejected requests ACCESS_REFUSED (missing or invalid API key) or RATE_LIMITED.',
    }),
    outcome: t.expose('outcome', { type: AuditOutcome, description: 'The outcome of the attempt.' }),
    actor: t.field({ type: Actor, description: 'The actor of the attempt.', resolve: (event) => event }),
    resourceType: t.exposeString('resourceType', {
      nullable: true,
      description: 'The type of the object that was the target, or null if there was none.',
    }),
    resourceId: t.exposeID('resourceId', {
      nullable: true,
      description: 'The id of the object that was the target, or null if there was none.',
    }),
    requestId: t.exposeString('requestId', {
      nullable: true,
      description:
        'The id of the request, which the response and the server log also have, or null for a summary of several requests or attempts.',
    }),
    errorCode: t.exposeString('errorCode', {
      nullable: true,
      description: 'The code of the error, or null if the mutation was executed.',
    }),
    payload: t.expose('payload', {
      type: 'JSONObject',
      nullable: true,
      description:
        'The details of the attempt: the input without long texts, or a summary of a batch; only the size and the field names of the input if the attempt was forbidden or failed attempts took too much space. Summaries of rejected requests have `address` and `occurrences`, those of failed attempts `occurrences`. It never contains secrets.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the attempt was made.' }),
  }),
});
node('aud', 'AuditEvent', (read, id) => read.auditEvents.byId(id));

const AuditEventConnection = connectionType(AuditEvent);
const AuditEventFilter = builder.inputType('AuditEventFilter', {
  description: describeFilter('audit events'),
  fields: (t) => ({
    institutionId: t.id({ description: 'Only events in the audit log of this institution.' }),
    actions: t.stringList({ description: 'Only events of these actions.' }),
    outcome: t.field({ type: AuditOutcome, description: 'Only events with this outcome.' }),
    resourceId: t.id({ description: 'Only events whose target is the object with this id.' }),
    apiKeyId: t.id({ description: 'Only events caused with this API key.' }),
    requestId: t.string({ description: 'Only events of the request with this id.' }),
    createdAt: t.field({ type: DateTimeRange, description: 'Only events within these bounds.' }),
  }),
});

builder.queryField('auditEvents', (t) =>
  t.field({
    type: AuditEventConnection,
    nullable: true,
    description: 'Returns the audit log, newest first.',
    args: {
      filter: t.arg({ type: AuditEventFilter, description: 'Filters the audit events. Defaults to all.' }),
      ...pageArgs,
    },
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
