import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import type { Program } from './program.ts';

/** The texts that must never appear. */
export interface Secrets {
  readonly rootKey: string;
  readonly password: string;
}
export const newSecrets = (): Secrets => ({
  rootKey: `root-canary-${randomBytes(16).toString('hex')}`,
  password: `password-canary-${randomBytes(8).toString('hex')}`,
});

export interface KeptResponse {
  readonly status: number;
  /** The body and all headers. */
  readonly text: string;
}
type HeadersGiven = Readonly<Record<string, string>>;

/** Sends a request unchanged, and keeps the response. */
export async function send(
  program: Program,
  kept: KeptResponse[],
  headers: HeadersGiven,
  query: string,
  variables: object = {},
): Promise<KeptResponse> {
  const response = await fetch(await program.address, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query, variables }),
  });
  const body = await response.text();
  const keptResponse = { status: response.status, text: `${JSON.stringify([...response.headers])}\n${body}` };
  kept.push(keptResponse);
  return keptResponse;
}

export const bearer = (token: string): HeadersGiven => ({ authorization: `Bearer ${token}` });

const INSTITUTION = `mutation($input: CreateInstitutionInput!) { createInstitution(input: $input) {
  ... on CreateInstitutionPayload { institution { id } } ... on UserError { code message path } } }`;
const KEY = `mutation($input: CreateApiKeyInput!) { createApiKey(input: $input) {
  ... on CreateApiKeyPayload { token apiKey { id prefix } } } }`;
const FUND = `mutation($input: FundPositionInput!) { fundPosition(input: $input) {
  __typename ... on UserError { code message path } ... on NotFoundError { id } } }`;
const SESSION = `mutation($input: CreateChatSessionInput!) { createChatSession(input: $input) {
  __typename ... on CreateChatSessionPayload { chatSession { id title } } ... on UserError { code message path } } }`;

/** Creates an API key of an institution. Its token is only in this response. */
export async function newKey(program: Program, { rootKey }: Secrets): Promise<string> {
  const made = await send(program, [], bearer(rootKey), INSTITUTION, {
    input: { name: 'Harbor Bank', regions: ['US'] },
  });
  const institutionId = /inst_[0-9a-z]{26}/.exec(made.text)?.[0];
  const input = { institutionId, label: 'canary', role: 'ADMIN' };
  const { text } = await send(program, [], bearer(rootKey), KEY, { input });
  return /eg_[0-9a-z]{12}_[0-9a-z]{84}/.exec(text)?.[0] ?? expect.fail(text);
}

/** Uses a credential as intended. */
export async function useWell(
  program: Program,
  kept: KeptResponse[],
  token: string,
  institution?: string,
): Promise<void> {
  const input = {
    ownerReference: 'ada',
    title: 'Pier 9',
    institutionId: institution,
    idempotencyKey: randomBytes(8).toString('hex'),
  };
  for (const headers of [bearer(token), { 'x-api-key': token }]) {
    const read = await send(
      program,
      kept,
      headers,
      '{ viewer { role apiKey { id prefix } } auditEvents { nodes { payload } } }',
    );
    expect(read).toMatchObject({ status: 200, text: expect.not.stringContaining('"errors"') as string });
    await send(program, kept, headers, SESSION, { input });
  }
}

/** Sends a credential where it does not belong, and similar texts where it does. */
export async function useBadly(program: Program, kept: KeptResponse[], token: string): Promise<void> {
  const own = bearer(token);
  const strange = [
    { authorization: `Bearer ${token}x` },
    { authorization: `Bearer ${token.slice(0, -1)}` },
    { authorization: `Basic ${token}` },
    { authorization: token },
    { 'x-api-key': `${token} ` + token },
    { ...own, 'x-api-key': 'another' },
    { 'x-request-id': `${token}x`, authorization: `Bearer ${token}x` },
    { cookie: token },
  ];
  for (const headers of strange) expect((await send(program, kept, headers, '{ viewer { role } }')).status).toBe(401);
  const fund = (input: object, headers: HeadersGiven = {}) =>
    send(program, kept, { ...own, ...headers }, FUND, { input });
  const misplaced = [
    fund({ positionId: token }),
    fund({ positionId: token.slice(0, 40), idempotencyKey: token }),
    fund({ positionId: 'pos_00000000000000000000000000', reason: `of ${token}` }),
    fund({ positionId: 'pos_00000000000000000000000000' }, { 'idempotency-key': token }),
    send(program, kept, own, SESSION, { input: { ownerReference: token, title: token } }),
    send(program, kept, own, `{ node(id: "${token}") { id } }`),
    send(program, kept, own, `{ positions(after: "${token}") { totalCount } }`),
    send(program, kept, own, `{ ${token.replaceAll('-', '_')} secret(is: "${token}") }`),
  ];
  for (const { status } of await Promise.all(misplaced)) expect(status).toBe(400);
  const named = await send(program, kept, { ...own, 'x-request-id': token }, FUND, { input: { positionId: 'x' } });
  expect(named.status).toBe(200);
}
