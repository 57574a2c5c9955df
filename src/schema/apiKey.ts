import { createApiKey, revokeApiKey, rotateApiKey } from '../commands/apiKey.ts';
import type { ApiKey as ApiKeyRow } from '../domain/apiKey.ts';
import { LIMITS } from '../domain/limits.ts';
import type { Actor as ActorRow, Viewer as ViewerRow } from '../domain/viewer.ts';
import { builder } from './builder.ts';
import { connect, connectionType, pageArgs } from './connection.ts';
import { Institution, INSTITUTION_ID } from './institution.ts';
import { Actor } from './lifecycleEvent.ts';
import { mutation, resultType } from './mutation.ts';
import { Node, node } from './node.ts';

const ApiKeyRole = builder.enumType('ApiKeyRole', {
  description: 'The permissions of an API key in its institution.',
  values: {
    ADMIN: {
      description: 'Reads and writes the objects of the institution, and creates, rotates and revokes its API keys.',
    },
    READ_ONLY: {
      description: 'Reads all objects of the institution, including its audit log and the list of its API keys.',
    },
  } as const,
});

const ApiKey = builder.objectRef<ApiKeyRow>('ApiKey').implement({
  description:
    'A credential of an institution. Its token is returned only once, when the API key is created; the server does not store it.',
  interfaces: [Node],
  fields: (t) => ({
    institution: t.field({
      type: Institution,
      nullable: true,
      description: 'The institution that owns the API key.',
      resolve: ({ institutionId }, _args, { read }) => read.institutions.byId(institutionId),
    }),
    label: t.exposeString('label', { description: 'The display name. Not necessarily unique.' }),
    role: t.expose('role', { type: ApiKeyRole, description: 'The permissions of the API key.' }),
    prefix: t.exposeString('prefix', {
      description: 'The first characters of the token. They identify the API key without revealing it.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the API key was created.' }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the API key expires, or null if it never does.',
    }),
    revokedAt: t.expose('revokedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the API key was revoked, or null if it was not.',
    }),
    lastUsedAt: t.expose('lastUsedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the API key was last used, or null if it never was. Updated at most once per minute.',
    }),
  }),
});
builder.objectField(ApiKey, 'followedBy', (t) =>
  t.field({
    type: ApiKey,
    nullable: true,
    description: 'The API key that replaced this one in a rotation, or null if it was not rotated.',
    resolve: ({ followedById }, _args, { read }) => (followedById === null ? null : read.apiKeys.byId(followedById)),
  }),
);
node('key', 'ApiKey', (read, id) => read.apiKeys.byId(id));

const ApiKeyConnection = connectionType(ApiKey);
builder.objectField(Institution, 'apiKeys', (t) =>
  t.field({
    type: ApiKeyConnection,
    nullable: true,
    description: 'The API keys of the institution, newest first, including expired and revoked ones.',
    args: { ...pageArgs },
    resolve: ({ id }, page, { read }) =>
      connect(
        read.apiKeys,
        'ApiKey',
        { parent: { field: 'institutionId', id }, where: {} },
        { by: ['createdAt'], direction: 'DESC' },
        page,
      ),
  }),
);

builder.objectField(Actor, 'apiKey', (t) =>
  t.field({
    type: ApiKey,
    nullable: true,
    description: 'The API key that the actor used, or null if it used none.',
    resolve: ({ apiKeyId }: ActorRow, _args, { read }) => (apiKeyId === null ? null : read.apiKeys.byId(apiKeyId)),
  }),
);

const ViewerRole = builder.enumType('ViewerRole', {
  description: 'The permissions of the viewer.',
  values: {
    ROOT: { description: 'The operator of the server, who reads and writes in all institutions.' },
    ADMIN: { description: 'Reads and writes in one institution.' },
    READ_ONLY: { description: 'Reads in one institution.' },
  } as const,
});

const Viewer = builder.objectRef<ViewerRow>('Viewer').implement({
  description: 'The authenticated caller of a request.',
  fields: (t) => ({
    role: t.expose('role', { type: ViewerRole, description: 'The permissions of the viewer.' }),
    institution: t.field({
      type: Institution,
      nullable: true,
      description: 'The institution of the API key, or null for the root key, which belongs to no institution.',
      resolve: (viewer, _args, { read }) =>
        viewer.role === 'ROOT' ? null : read.institutions.byId(viewer.institutionId),
    }),
    apiKey: t.field({
      type: ApiKey,
      nullable: true,
      description: 'The API key of the request, or null for the root key.',
      resolve: (viewer, _args, { read }) =>
        viewer.role === 'ROOT' || viewer.apiKeyId === undefined ? null : read.apiKeys.byId(viewer.apiKeyId),
    }),
  }),
});

builder.queryField('viewer', (t) =>
  t.field({
    type: Viewer,
    nullable: true,
    description: 'Returns the authenticated caller of the request.',
    resolve: (_root, _args, { viewer }) => viewer,
  }),
);

const CreateApiKeyInput = builder.inputType('CreateApiKeyInput', {
  description:
    'Input for createApiKey. There is no idempotency key: the server does not store the token, so a retry could not return it again.',
  fields: (t) => ({
    institutionId: t.id({ description: INSTITUTION_ID }),
    label: t.string({ required: true, description: 'The display name. 1 to 200 characters.' }),
    role: t.field({ type: ApiKeyRole, required: true, description: 'The permissions of the API key.' }),
    expiresAt: t.field({
      type: 'DateTime',
      description: 'When the API key expires. Must be in the future. Defaults to never.',
    }),
  }),
});

const RevokeApiKeyInput = builder.inputType('RevokeApiKeyInput', {
  description: 'Input for revokeApiKey.',
  fields: (t) => ({ apiKeyId: t.id({ required: true, description: 'The API key to revoke.' }) }),
});

const RotateApiKeyInput = builder.inputType('RotateApiKeyInput', {
  description: 'Input for rotateApiKey. There is no idempotency key, for the same reason as in `CreateApiKeyInput`.',
  fields: (t) => ({
    apiKeyId: t.id({ required: true, description: 'The API key to replace.' }),
    overlapSeconds: t.int({
      description: `The time in seconds during which both API keys are valid, so that you can deploy the new token. 0 to ${LIMITS.overlapSeconds}. Defaults to 86400 (one day).`,
    }),
  }),
});

const TOKEN = 'The token, to send as `Authorization: Bearer <token>`. It is returned only this once.';

const CreateApiKeyPayload = builder
  .objectRef<Awaited<ReturnType<typeof createApiKey>>>('CreateApiKeyPayload')
  .implement({
    description: 'Result of a successful createApiKey.',
    fields: (t) => ({
      apiKey: t.expose('apiKey', { type: ApiKey, description: 'The new API key.' }),
      token: t.exposeString('token', { description: TOKEN }),
    }),
  });

const RevokeApiKeyPayload = builder
  .objectRef<Awaited<ReturnType<typeof revokeApiKey>>>('RevokeApiKeyPayload')
  .implement({
    description:
      'Result of a successful revokeApiKey. Within one second every server rejects the API key and ends its subscriptions.',
    fields: (t) => ({ apiKey: t.expose('apiKey', { type: ApiKey, description: 'The revoked API key.' }) }),
  });

const RotateApiKeyPayload = builder
  .objectRef<Awaited<ReturnType<typeof rotateApiKey>>>('RotateApiKeyPayload')
  .implement({
    description: 'Result of a successful rotateApiKey. The previous API key expires at the end of the overlap.',
    fields: (t) => ({
      apiKey: t.expose('apiKey', {
        type: ApiKey,
        description:
          'The new API key. It has the label and the role of the previous one, and the same total lifetime from now on.',
      }),
      token: t.exposeString('token', { description: TOKEN }),
      previous: t.expose('previous', { type: ApiKey, description: 'The previous API key.' }),
    }),
  });

const COMMON_ERRORS = ['VALIDATION_FAILED', 'FORBIDDEN', 'NOT_FOUND'] as const;
mutation(
  'createApiKey',
  'Creates an API key. Returns its token, only this once.',
  CreateApiKeyInput,
  resultType(CreateApiKeyPayload, 'CreateApiKeyResult', [...COMMON_ERRORS, 'CAPACITY_EXCEEDED']),
  createApiKey,
);
mutation(
  'revokeApiKey',
  'Revokes an API key immediately and ends its open subscriptions. An API key that is already revoked is returned unchanged.',
  RevokeApiKeyInput,
  resultType(RevokeApiKeyPayload, 'RevokeApiKeyResult', COMMON_ERRORS),
  revokeApiKey,
);
mutation(
  'rotateApiKey',
  'Creates an API key that replaces another one. Returns its token, only this once. Each API key can be rotated once.',
  RotateApiKeyInput,
  resultType(RotateApiKeyPayload, 'RotateApiKeyResult', [...COMMON_ERRORS, 'CONFLICT']),
  rotateApiKey,
);
