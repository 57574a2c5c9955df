import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { beforeAll, expect } from 'vitest';
import type { AppOptions } from '../../src/app.ts';
import type { Viewer } from '../../src/domain/viewer.ts';
import type { Store } from '../../src/store/store.ts';
import {
  ChatMessagesDocument,
  ChatSessionDocument,
  ChatSessionsDocument,
  CreateChatSessionDocument,
  DeleteChatMessageDocument,
  DeleteChatSessionDocument,
  EditChatMessageDocument,
  MarkChatSessionReadDocument,
  type MessagePartsFragment,
  PostChatMessageDocument,
  RestoreChatSessionDocument,
  type SessionPartsFragment,
  UpdateChatSessionDocument,
} from '../api/documents/graphql.ts';
import { mustBeClean, type Outcome } from './answers.ts';
import { type Deal, makeDeal } from './deal.ts';
import { serve, type TestServer } from './server.ts';
import type { OpenStore } from './stores.ts';

export const CHAT = {
  createChatSession: CreateChatSessionDocument,
  updateChatSession: UpdateChatSessionDocument,
  deleteChatSession: DeleteChatSessionDocument,
  restoreChatSession: RestoreChatSessionDocument,
  postChatMessage: PostChatMessageDocument,
  editChatMessage: EditChatMessageDocument,
  deleteChatMessage: DeleteChatMessageDocument,
  markChatSessionRead: MarkChatSessionReadDocument,
} as const satisfies { readonly [name: string]: TypedDocumentNode<unknown, never> };
export type ChatMutation = keyof typeof CHAT;
export const CHAT_MUTATIONS = Object.keys(CHAT) as readonly ChatMutation[];

export type Session = SessionPartsFragment;
export type Message = MessagePartsFragment;

/** The result of any chat mutation. */
export interface ChatReply extends Outcome {
  readonly replayed?: boolean;
  readonly chatSession: Session;
  readonly chatMessage: Message;
}

/** Calls a mutation, and checks that the response is clean. */
export async function chat(server: TestServer, mutation: ChatMutation, input: object): Promise<ChatReply> {
  const answer = await server.ask<Record<string, ChatReply>>(CHAT[mutation], { input });
  mustBeClean(server, answer);
  expect(answer.errors).toBeUndefined();
  return answer.data?.[mutation] as ChatReply;
}

/** Calls a mutation that must succeed. */
export async function chatted(server: TestServer, mutation: ChatMutation, input: object): Promise<ChatReply> {
  const reply = await chat(server, mutation, input);
  if (reply.code !== undefined) throw new Error(`${mutation} was refused: ${JSON.stringify(reply)}`);
  return reply;
}

/** Creates a session, by default of the institution of the deal. */
export const openSession = async (server: TestServer, { institution }: Deal, patch: object = {}): Promise<Session> => {
  const input = { institutionId: institution.id, ownerReference: 'owner', title: 'Pier 9', ...patch };
  return (await chatted(server, 'createChatSession', input)).chatSession;
};

export const post = async (server: TestServer, chatSessionId: string, patch: object = {}): Promise<Message> =>
  (await chatted(server, 'postChatMessage', { chatSessionId, authorReference: 'ann', body: 'Hello', ...patch }))
    .chatMessage;

/** Returns the current session, or null if it is unknown. */
export const sessionNow = async (server: TestServer, id: string): Promise<Session | null | undefined> =>
  (await server.run(ChatSessionDocument, { id })).chatSession;

/** Returns the first 100 messages of a session. */
export const messagesOf = async (server: TestServer, parent: string): Promise<readonly Message[]> =>
  (await server.run(ChatMessagesDocument, { parent, first: 100 })).parent?.list?.nodes ?? [];

/** Returns the ids of the sessions that match a filter, in order of creation. */
export async function idsFor(server: TestServer, filter: object): Promise<readonly string[]> {
  const orderBy = { field: 'CREATED_AT', direction: 'ASC' } as const;
  const { list } = await server.run(ChatSessionsDocument, { filter, orderBy, first: 100 });
  expect(list?.totalCount).toBe(list?.nodes.length);
  return list?.nodes.map(({ id }) => id) ?? [];
}

export { grownBy as changedBy } from './accounting.ts';

export interface ChatScene {
  readonly store: Store;
  readonly server: TestServer;
  readonly deal: Deal;
  /** A deal of another institution. */
  readonly other: Deal;
}

/** Many concurrent mutations reserve their largest results. The limit of reservations has separate tests. */
const MANY_AT_ONCE = { responses: { bytes: 16 * 2 ** 20, bufferBytes: 2 ** 32 } };

/** Creates two institutions in a new store. */
export function chatOn(open: OpenStore, options: Partial<AppOptions> = {}): ChatScene {
  const scene = {} as { -readonly [K in keyof ChatScene]: ChatScene[K] };
  beforeAll(async () => {
    scene.store = await open();
    scene.server = serve(scene.store, { settings: MANY_AT_ONCE, ...options });
    scene.deal = await makeDeal(scene.server);
    scene.other = await makeDeal(scene.server);
  });
  return scene;
}

/** Runs the work as another viewer. */
export async function asViewer<T>(server: TestServer, viewer: Viewer, work: () => Promise<T>): Promise<T> {
  const before = server.viewer;
  server.viewer = viewer;
  try {
    return await work();
  } finally {
    server.viewer = before;
  }
}
