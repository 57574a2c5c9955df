import { onTestFinished } from 'vitest';
import { type EventRequest, type EventStream, openEvents, resultOf } from '../support/eventSource.ts';
import { type KeyServer, newInstitution, newKey } from '../support/keyed.ts';
import { listeningWithKeys } from '../support/keyedLive.ts';
import type { Change } from '../support/live.ts';

export const SESSIONS = `subscription($after: String, $id: ID) {
  chatSessionChanged(after: $after, chatSessionId: $id) { cursor kind chatSession { id title } } }`;
const CREATE = `mutation($input: CreateChatSessionInput!) { createChatSession(input: $input) {
  ... on CreateChatSessionPayload { chatSession { id } } ... on UserError { code message } } }`;

/** A server with an institution and its API key. */
export interface World {
  readonly server: KeyServer;
  readonly address: string;
  readonly token: string;
  readonly institutionId: string;
  readonly create: (title: string, token?: string) => Promise<string>;
}

export async function openWorld(server: KeyServer, atEnd: (end: () => Promise<void>) => void): Promise<World> {
  const address = await listeningWithKeys(server, atEnd);
  const institutionId = await newInstitution(server);
  const { token } = await newKey(server, institutionId);
  const create = async (title: string, by = token): Promise<string> => {
    const input = { ownerReference: 'ada', title };
    const { data, text } = await server.ask<{ createChatSession: { chatSession?: { id: string } } }>(
      CREATE,
      { input },
      by,
    );
    const id = data?.createChatSession.chatSession?.id;
    if (id === undefined) throw new Error(`No session was created: ${text}`);
    return id;
  };
  return { server, address, token, institutionId, create };
}

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
export type WorldRequest = Omit<EventRequest, 'query'> & { readonly query?: string };

/** Subscribes with the API key. */
export async function subscribe(
  { address, token }: World,
  { query = SESSIONS, headers, ...request }: WorldRequest = {},
): Promise<EventStream> {
  const stream = await openEvents(address, { query, headers: { ...bearer(token), ...headers }, ...request });
  onTestFinished(() => stream.close());
  return stream;
}

/** Returns the title of the session of a change. */
export const titleOf = (change: Change | undefined): string | undefined =>
  (change?.['chatSession'] as { readonly title: string } | null | undefined)?.title;

/** Returns the beginning of a stream: the titles of the changes until CAUGHT_UP, or the code of the error. */
export async function beginningOf(world: World, request: WorldRequest): Promise<readonly unknown[]> {
  const stream = await subscribe(world, request);
  const seen: unknown[] = [];
  for (let event = await stream.next(); event?.type === 'next'; event = await stream.next()) {
    const { data, errors } = resultOf(event);
    const [change] = Object.values(data ?? {});
    if (errors) seen.push(errors[0]?.extensions?.code);
    else if (change?.kind === 'CAUGHT_UP') break;
    else seen.push(titleOf(change));
  }
  stream.close();
  return seen;
}
