import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { expect } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import type { ErrorCode } from '../api/documents/graphql.ts';
import type { Answer, TestServer } from './server.ts';

/** The result of any mutation. A payload has no code. */
export interface Outcome {
  readonly __typename: string;
  readonly code?: ErrorCode;
  readonly message?: string;
  readonly path?: readonly string[] | null;
  readonly issues?: readonly { readonly path: readonly string[]; readonly message: string }[];
}

/** Matches details of the machine: a stack trace, a file, a driver or its database. */
const LEAKS =
  /\\n\s+at |\bat \S+ \(|\bat \S+:\d+|\.[cm]?[jt]s\b|node_modules|\bpg\b|postgres|sqlstate|violates|constraint|relation "|at or near|deadlock|call stack|RangeError|TypeError|undefined/i;
/** The maximum length of a response that only has errors. */
const NO_CHARACTERS = 10_000;

/** Checks what is true of every response: no internal error, no detail of the machine, a code on every error. */
export function mustBeClean(server: TestServer, answer: Answer<unknown>): void {
  expect(server.faults.splice(0)).toEqual([]);
  expect(answer.status).toBeLessThan(500);
  for (const { message, extensions } of answer.errors ?? []) {
    expect(message).toMatch(/\S \S/);
    expect(message).not.toMatch(LEAKS);
    expect(extensions?.code).toMatch(/^[A-Z_]+$/);
    expect(extensions).not.toHaveProperty('stacktrace');
  }
}

/** Returns the result of the only mutation of a document. The message of a user error must be a clean sentence. */
export async function outcomeOf<T, V>(
  server: TestServer,
  document: TypedDocumentNode<T, V>,
  input: unknown,
): Promise<Outcome> {
  const answer = await server.ask<Record<string, Outcome>>(document, { input });
  mustBeClean(server, answer);
  expect(answer.errors).toBeUndefined();
  const outcome = Object.values(answer.data ?? {})[0] as Outcome;
  if (outcome.code !== undefined) {
    expect(outcome.message).toMatch(/\S \S.*\.$/s);
    expect(outcome.message).not.toMatch(LEAKS);
    expect(outcome.message?.length).toBeLessThan(NO_CHARACTERS);
  }
  return outcome;
}

/** Returns the first entry of `errors`, which must exist. */
export async function errorOf(
  server: TestServer,
  document: Parameters<TestServer['ask']>[0],
  variables: unknown = {},
): Promise<{
  readonly code: string | undefined;
  readonly message: string;
  readonly answer: Answer<Record<string, unknown>>;
}> {
  const answer = await server.ask(document, variables);
  mustBeClean(server, answer);
  const [error] = answer.errors ?? [];
  if (!error) throw new Error(`Expected an error: ${answer.text.slice(0, 500)}`);
  expect(answer.text.length).toBeLessThan(NO_CHARACTERS);
  return { code: error.extensions?.code, message: error.message, answer };
}

/** Returns all stored rows, to check that nothing was written. */
export async function recordOf(store: Store): Promise<unknown> {
  const read = store.read('ALL');
  const all = [{ where: {} }];
  const newest = { where: {}, limit: 100, backward: true, after: null, before: null } as const;
  return Promise.all([
    read.institutions.counts(all),
    read.assetTemplates.counts(all),
    read.assets.counts(all),
    read.lifecycleEvents.counts(all),
    read.positions.pages([{ ...newest, order: { by: ['updatedAt'], direction: 'ASC' } }]),
  ]);
}

/** Sends a request unchanged. */
export async function send(
  server: TestServer,
  init: RequestInit & { readonly query?: string },
): Promise<Answer<Record<string, unknown>>> {
  const { query = '', ...request } = init;
  const response = await server.app.fetch(new Request(`http://localhost/graphql${query}`, request));
  const text = await response.text();
  const answer = { ...(text === '' ? {} : (JSON.parse(text) as object)), status: response.status, text };
  mustBeClean(server, answer);
  return answer;
}
