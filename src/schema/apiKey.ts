import { createApiKey, revokeApiKey, rotateApiKey } from '../commands/apiKey.ts';
import type { ApiKey as ApiKeyRow } from '../domain/apiKey.ts';
import { LIMITS } from '../domain/limits.ts';
import type { Actor as ActorRow, Viewer as ViewerRow } from '../domain/viewer.ts';
import { builder } from './builder.ts';
import { connect, connectionType, pageArgs } from './connection.ts';
import { Institution } from './institution.ts';
import { Actor } from './lifecycleEvent.ts';
import { mutation, resultType } from './mutation.ts';
import { Node, node } from './node.ts';

const ApiKeyRole = builder.enumType('ApiKeyRole', {
  description: 'What a key may do in its institution.',
  values: {
    ADMIN: { description: 'Read and write; make, rotate and revoke keys of the institution.' },
    READ_ONLY: { description: 'Read all of the institution, its audit trail and its list of keys too.' },
  } as const,
});

const ApiKey = builder.objectRef<ApiKeyRow>('ApiKey').implement({
  description: 'A credential of an institution. Its token is shown once, when it is made, and kept nowhere.',
  interfaces: [Node],
  fields: (t) => ({
    institution: t.field({
      type: Institution,
      nullable: true,
      description: 'Whose it is.',
      resolve: ({ institutionId }, _args, { read }) => read.institutions.byId(institutionId),
    }),
    label: t.exposeString('label', { description: 'What people call it; not necessarily unique.' }),
    role: t.expose('role', { type: ApiKeyRole, description: 'What it may do.' }),
    prefix: t.exposeString('prefix', { description: 'What its token begins with, to tell keys apart.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'From then on it is refused; null: never.',
    }),
    revokedAt: t.expose('revokedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'Since when it is refused; null: it is not revoked.',
    }),
    lastUsedAt: t.expose('lastUsedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was last used, at most a minute behind; null: not yet.',
    }),
  }),
});
builder.objectField(ApiKey, 'followedBy', (t) =>
  t.field({
    type: ApiKey,
    nullable: true,
    description: 'The key that a rotation has put in its place; null: none.',
    resolve: ({ followedById }, _args, { read }) => (followedById === null ? null : read.apiKeys.byId(followedById)),
  }),
);
node('key', 'ApiKey', (read, id) => read.apiKeys.byId(id));

const ApiKeyConnection = connectionType(ApiKey);
builder.objectField(Institution, 'apiKeys', (t) =>
  t.field({
    type: ApiKeyConnection,
    nullable: true,
    description: 'Its API keys, newest first, those that are over included.',
    args: { ...pageArgs },
    resolve: ({ id }, page, { read }) =>
      connect(
        read.apiKeys,
        'ApiKey',
        { of: { field: 'institutionId', id }, where: {} },
        { by: ['createdAt'], direction: 'DESC' },
        page,
      ),
  }),
);

builder.objectField(Actor, 'apiKey', (t) =>
  t.field({
    type: ApiKey,
    nullable: true,
    description: 'The key that was used; null if it was none.',
    resolve: ({ apiKeyId }: ActorRow, _args, { read }) => (apiKeyId === null ? null : read.apiKeys.byId(apiKeyId)),
  }),
);

const ViewerRole = builder.enumType('ViewerRole', {
  description: 'What the viewer may do.',
  values: {
    ROOT: { description: 'Everything, in every institution: the operator of the server.' },
    ADMIN: { description: 'Read and write in one institution.' },
    READ_ONLY: { description: 'Read in one institution.' },
  } as const,
});

const Viewer = builder.objectRef<ViewerRow>('Viewer').implement({
  description: 'Who asks.',
  fields: (t) => ({
    role: t.expose('role', { type: ViewerRole, description: 'What the viewer may do.' }),
    institution: t.field({
      type: Institution,
      nullable: true,
      description: "The key's institution; null for root, who belongs to none.",
      resolve: (viewer, _args, { read }) =>
        viewer.role === 'ROOT' ? null : read.institutions.byId(viewer.institutionId),
    }),
    apiKey: t.field({
      type: ApiKey,
      nullable: true,
      description: 'The key that was shown; null for root.',
      resolve: (viewer, _args, { read }) =>
        viewer.role === 'ROOT' || viewer.apiKeyId === undefined ? null : read.apiKeys.byId(viewer.apiKeyId),
    }),
  }),
});

builder.queryField('viewer', (t) =>
  t.field({
    type: Viewer,
    nullable: true,
    description: 'Who asks, as the credential says.',
    resolve: (_root, _args, { viewer }) => viewer,
  }),
);

const CreateApiKeyInput = builder.inputType('CreateApiKeyInput', {
  description: 'A new API key. It takes no idempotency key: its token is kept nowhere, so no answer can be repeated.',
  fields: (t) => ({
    institutionId: t.id({ description: "Whose it will be; an institution's key may leave it out." }),
    label: t.string({ required: true, description: '1 to 200 characters.' }),
    role: t.field({ type: ApiKeyRole, required: true, description: 'What it may do.' }),
    expiresAt: t.field({ type: 'DateTime', description: 'When it ends, in the future; never if left out.' }),
  }),
});

const RevokeApiKeyInput = builder.inputType('RevokeApiKeyInput', {
  description: 'The end of an API key, at once.',
  fields: (t) => ({ apiKeyId: t.id({ required: true, description: 'The key.' }) }),
});

const RotateApiKeyInput = builder.inputType('RotateApiKeyInput', {
  description: 'A new API key in the place of one that ends. It takes no idempotency key, as `CreateApiKeyInput` says.',
  fields: (t) => ({
    apiKeyId: t.id({ required: true, description: 'The key that is to end.' }),
    overlapSeconds: t.int({
      description: `How long both are good, in seconds, so that the new token can be handed out: 0 to ${LIMITS.overlapSeconds}; a day if left out.`,
    }),
  }),
});

const TOKEN = 'The token, shown this once: what `Authorization: Bearer` takes.';

const CreateApiKeyPayload = builder
  .objectRef<Awaited<ReturnType<typeof createApiKey>>>('CreateApiKeyPayload')
  .implement({
    description: 'The key was made.',
    fields: (t) => ({
      apiKey: t.expose('apiKey', { type: ApiKey, description: 'The key.' }),
      token: t.exposeString('token', { description: TOKEN }),
    }),
  });

const RevokeApiKeyPayload = builder
  .objectRef<Awaited<ReturnType<typeof revokeApiKey>>>('RevokeApiKeyPayload')
  .implement({
    description: 'The key is revoked: within a second every server refuses it and ends its subscriptions.',
    fields: (t) => ({ apiKey: t.expose('apiKey', { type: ApiKey, description: 'The key.' }) }),
  });

const RotateApiKeyPayload = builder
  .objectRef<Awaited<ReturnType<typeof rotateApiKey>>>('RotateApiKeyPayload')
  .implement({
    description: 'There is a new key, and the old one ends when the overlap is over.',
    fields: (t) => ({
      apiKey: t.expose('apiKey', {
        type: ApiKey,
        description: 'The new key: of the same label and role, good for as long a time as the old one was.',
      }),
      token: t.exposeString('token', { description: TOKEN }),
      previous: t.expose('previous', { type: ApiKey, description: 'The old key.' }),
    }),
  });

const NAMED = ['VALIDATION_FAILED', 'FORBIDDEN', 'NOT_FOUND'] as const;
mutation(
  'createApiKey',
  'Makes an API key and shows its token, this once.',
  CreateApiKeyInput,
  resultType(CreateApiKeyPayload, 'CreateApiKeyResult', [...NAMED, 'CAPACITY_EXCEEDED']),
  createApiKey,
);
mutation(
  'revokeApiKey',
  'Ends an API key at once, its open subscriptions too.',
  RevokeApiKeyInput,
  resultType(RevokeApiKeyPayload, 'RevokeApiKeyResult', NAMED),
  revokeApiKey,
);
mutation(
  'rotateApiKey',
  'Makes an API key in the place of another, which can be done once with each, and shows its token, this once.',
  RotateApiKeyInput,
  resultType(RotateApiKeyPayload, 'RotateApiKeyResult', [...NAMED, 'CONFLICT']),
  rotateApiKey,
);
