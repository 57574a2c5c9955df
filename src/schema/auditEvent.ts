import type { AuditEvent as AuditEventRow } from '../domain/auditEvent.ts';
import { EVERYONE } from '../domain/rights.ts';
import { builder } from './builder.ts';
import { createdAtField, reference } from './entityFields.ts';
import { anyOf, equals, withinTimes } from './filter.ts';
import { Institution } from './institution.ts';
import { Actor, READS_ACTOR } from './lifecycleEvent.ts';
import { listable } from './list.ts';
import { Node } from './node.ts';

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
    institution: reference(
      t,
      Institution,
      'institutionId',
      'The institution whose audit log contains the event, or null if the event concerns no institution.',
    ),
    action: t.exposeString('action', {
      description:
        'The attempted action, such as POSITION_FUNDED or POLICY_SET; for rejected requests ACCESS_REFUSED (missing or invalid API key) or RATE_LIMITED.',
    }),
    outcome: t.expose('outcome', { type: AuditOutcome, description: 'The outcome of the attempt.' }),
    actor: t.field({
      type: Actor,
      description: 'The actor of the attempt.',
      extensions: READS_ACTOR,
      resolve: (event) => event,
    }),
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
    ...createdAtField(t, 'When the attempt was made.'),
  }),
});

listable(AuditEvent, {
  prefix: 'aud',
  table: 'auditEvents',
  roles: EVERYONE,
  all: { description: 'audit log, newest first' },
  filter: {
    institutionId: equals('institutionId', 'ID', 'Only events in the audit log of this institution.'),
    actions: anyOf('action', 'String', 'Only events of these actions.'),
    outcome: equals('outcome', AuditOutcome, 'Only events with this outcome.'),
    resourceId: equals('resourceId', 'ID', 'Only events whose target is the object with this id.'),
    apiKeyId: equals('apiKeyId', 'ID', 'Only events caused with this API key.'),
    requestId: equals('requestId', 'String', 'Only events of the request with this id.'),
    createdAt: withinTimes('createdAt', 'Only events within these bounds.'),
  },
  order: { by: ['createdAt'], direction: 'DESC' },
});
