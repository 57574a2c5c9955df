import { createApiKey, revokeApiKey, rotateApiKey } from '../commands/apiKey.ts';
import type { ApiKey as ApiKeyRow } from '../domain/apiKey.ts';
import { LIMITS } from '../domain/limits.ts';
import { EVERYONE } from '../domain/rights.ts';
import type { Viewer as ViewerRow } from '../domain/viewer.ts';
import { builder } from './builder.ts';
import { createdAtField, reference } from './entityFields.ts';
import { INSTITUTION_ID, Institution, ownerField } from './institution.ts';
import { Actor } from './lifecycleEvent.ts';
import { listable } from './list.ts';
import { mutation } from './mutation.ts';
import { Node } from './node.ts';

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
    institution: ownerField(t, 'API key'),
    label: t.exposeString('label', { description: 'The display name. Not necessarily unique.' }),
    role: t.expose('role', { type: ApiKeyRole, description: 'The permissions of the API key.' }),
    prefix: t.exposeString('prefix', {
      description: 'The first characters of the token. They identify the API key without revealing it.',
    }),
    ...createdAtField(t, 'When the API key was created.'),
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
  reference(
    t,
    ApiKey,
    'followedById',
    'The API key that replaced this one in a rotation, or null if it was not rotated.',
  ),
);

listable(ApiKey, {
  prefix: 'key',
  table: 'apiKeys',
  roles: EVERYONE,
  order: { by: ['createdAt'], direction: 'DESC' },
  edges: [
    {
      on: Institution,
      field: 'institutionId',
      description: 'The API keys of the institution, newest first, including expired and revoked ones.',
    },
  ],
});

builder.objectField(Actor, 'apiKey', (t) =>
  reference(t, ApiKey, 'apiKeyId', 'The API key that the actor used, or null if it used none.'),
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
      extensions: { roles: EVERYONE },
      resolve: (viewer, _args, { read }) =>
        viewer.role === 'ROOT' ? null : read.institutions.byId(viewer.institutionId),
    }),
    apiKey: t.field({
      type: ApiKey,
      nullable: true,
      description: 'The API key of the request, or null for the root key.',
      extensions: { roles: EVERYONE },
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
    extensions: { roles: EVERYONE },
    resolve: (_root, _args, { viewer }) => viewer,
  }),
);

const TOKEN = 'The token, to send as `Authorization: Bearer <token>`. It is returned only this once.';

mutation(createApiKey, 'Creates an API key. Returns its token, only this once.', {
  inputNote: ' There is no idempotency key: the server does not store the token, so a retry could not return it again.',
  input: (t) => ({
    institutionId: t.id({ description: INSTITUTION_ID }),
    label: t.string({ required: true, description: 'The display name. 1 to 200 characters.' }),
    role: t.field({ type: ApiKeyRole, required: true, description: 'The permissions of the API key.' }),
    expiresAt: t.field({
      type: 'DateTime',
      description: 'When the API key expires. Must be in the future. Defaults to never.',
    }),
  }),
  payload: (t) => ({
    apiKey: t.expose('apiKey', { type: ApiKey, description: 'The new API key.' }),
    token: t.exposeString('token', { description: TOKEN }),
  }),
});

mutation(
  revokeApiKey,
  'Revokes an API key immediately and ends its open subscriptions. An API key that is already revoked is returned unchanged.',
  {
    input: (t) => ({ apiKeyId: t.id({ required: true, description: 'The API key to revoke.' }) }),
    result:
      'Result of a successful revokeApiKey. Within one second every server rejects the API key and ends its subscriptions.',
    payload: (t) => ({ apiKey: t.expose('apiKey', { type: ApiKey, description: 'The revoked API key.' }) }),
  },
);

mutation(
  rotateApiKey,
  'Creates an API key that replaces another one. Returns its token, only this once. Each API key can be rotated once.',
  {
    inputNote: ' There is no idempotency key, for the same reason as in `CreateApiKeyInput`.',
    input: (t) => ({
      apiKeyId: t.id({ required: true, description: 'The API key to replace.' }),
      overlapSeconds: t.int({
        description: `The time in seconds during which both API keys are valid, so that you can deploy the new token. 0 to ${LIMITS.overlapSeconds}. Defaults to 86400 (one day).`,
      }),
    }),
    result: 'Result of a successful rotateApiKey. The previous API key expires at the end of the overlap.',
    payload: (t) => ({
      apiKey: t.expose('apiKey', {
        type: ApiKey,
        description:
          'The new API key. It has the label and the role of the previous one, and the same total lifetime from now on.',
      }),
      token: t.exposeString('token', { description: TOKEN }),
      previous: t.expose('previous', { type: ApiKey, description: 'The previous API key.' }),
    }),
  },
);
