import type { AppOptions } from '../../src/app.ts';
import { FIXTURE_WEBHOOKS, keyOf, makeRlsFixture, type RlsFixture } from './rlsFixture.ts';
import { type KeyedServer, ROOT_TOKEN, serveKeyed } from './serveKeyed.ts';
import type { OpenStore } from './stores.ts';

export const STREAM = { accept: 'text/event-stream' };

/** Two institutions with one of everything, and API keys of all kinds. */
export interface Callers {
  readonly server: KeyedServer;
  readonly owner: RlsFixture;
  readonly other: RlsFixture;
  /** The cursor of changes from before either institution was created. */
  readonly beginning: string;
  /** Tokens that are not accepted, by the reason. */
  readonly strangers: { readonly [what: string]: string | null };
}

export async function callersOn(open: OpenStore, options: Partial<AppOptions> = {}): Promise<Callers> {
  const server = serveKeyed(await open(), { webhooks: FIXTURE_WEBHOOKS, ...options });
  server.app.start();
  const beginning = await firstCursor(server);
  const owner = await makeRlsFixture(server);
  const other = await makeRlsFixture(server);
  const own = { institutionId: owner.ids['Institution'], label: 'over', role: 'ADMIN' };
  const expired = await keyOf(server, { ...own, expiresAt: new Date(server.now + 1_000).toISOString() });
  const revoked = await keyOf(server, own);
  await server.data(ROOT_TOKEN, REVOKE, { id: revoked.id });
  server.now += 1_000;
  const strangers = {
    'no API key': null,
    'a revoked API key': revoked.token,
    'an expired API key': expired.token,
    'a well-formed unknown token': `${owner.admin.slice(0, -1)}${owner.admin.endsWith('0') ? '1' : '0'}`,
  };
  return { server, owner, other, beginning, strangers };
}

const REVOKE = `mutation($id: ID!) { revokeApiKey(input: { apiKeyId: $id }) {
  ... on RevokeApiKeyPayload { apiKey { revokedAt } } } }`;
const FIRST = `mutation { createInstitution(input: { name: "First", regions: [US] }) {
  ... on CreateInstitutionPayload { institution { id } } } }`;

async function firstCursor(server: KeyedServer): Promise<string> {
  const { createInstitution } = await server.data<{
    readonly createInstitution: { readonly institution: { readonly id: string } };
  }>(ROOT_TOKEN, FIRST);
  const follow = 'subscription($of: ID!) { positionChanged(institutionId: $of) { cursor kind } }';
  const { text } = await server.ask(ROOT_TOKEN, follow, { of: createInstitution.institution.id }, STREAM);
  return cursorsIn(text)[0] ?? '';
}

/** Returns the cursors of a stream of changes, in order. */
export const cursorsIn = (text: string): readonly string[] =>
  [...text.matchAll(/^data: (\{.*)$/gm)].flatMap(([, json = '']) => {
    const { data } = JSON.parse(json) as { readonly data?: Readonly<Record<string, { readonly cursor: string }>> };
    return Object.values(data ?? {}).map(({ cursor }) => cursor);
  });
