import { beforeAll, describe, expect, it } from 'vitest';
import { aMark, aMessage, aSession } from '../store/chatRows.ts';
import { anInstitution, insertAll, START } from '../store/rows.ts';
import { serve, type TestServer } from '../support/server.ts';
import { openPostgres } from '../support/stores.ts';

const many = 60;
const times = <V>(count: number, make: (index: number) => V): V[] =>
  Array.from({ length: count }, (_one, index) => make(index));

let server: TestServer;
let sent: string[] = [];

beforeAll(async () => {
  const store = await openPostgres(({ text }) => sent.push(text));
  server = serve(store);
  const institutions = times(2, () => anInstitution());
  const chatSessions = times(many, (index) =>
    aSession(institutions[index % 2]?.id ?? '', {
      description: 'at length',
      messageCount: 3,
      lastActivityAt: START + index,
      version: 4,
    }),
  );
  const chatMessages = chatSessions.flatMap((row) => [1, 2, 3].map((sequence) => aMessage(row, sequence)));
  const readMarks = chatSessions.flatMap((row, index) => (index % 3 === 0 ? [] : [aMark(row, 'bob', index % 3)]));
  await store.transact('ALL', async (tx) => {
    insertAll(tx, { institutions, chatSessions, chatMessages, readMarks });
  });
});

type Node = { readonly [field: string]: unknown };
interface Data {
  readonly chatSessions: { readonly nodes: readonly Node[] };
  readonly list: { readonly edges: readonly { readonly node: Node }[] };
}
/** Returns the statements that a document sends, without BEGIN, set_config and COMMIT, and its data. */
async function runDocument(
  document: string,
  variables: object = {},
): Promise<{ readonly data: Data; readonly sent: string[] }> {
  sent = [];
  const { data, errors } = await server.ask<Data>(document, variables);
  if (errors || !data) throw new Error(JSON.stringify(errors), { cause: server.faults.at(-1) });
  return { data, sent };
}

const list = (fields: string, args = 'first: 50'): string => `{ chatSessions(${args}) { nodes { id ${fields} } } }`;
const UNREAD = 'title unreadCount(participantReference: "bob")';

describe('the statements of a page of 50 sessions', () => {
  it('a page of 50 sessions with the unread messages of a participant sends one statement', async () => {
    const { data, sent: statements } = await runDocument(list(UNREAD));
    expect(statements).toHaveLength(1);
    const counts = data.chatSessions.nodes.map((node) => node['unreadCount']);
    // Sessions are ordered by last activity. Of their three messages, each third of them has read none, one or two.
    expect(counts).toEqual(times(50, (index) => 3 - ((many - 1 - index) % 3)));
  });

  it('unread counts by a variable, through fragments and aliases and for several participants send one statement', async () => {
    const fragment = `fragment F on ChatSession { ...G } fragment G on ChatSession { a: unreadCount(participantReference: $who) }`;
    const edges = 'edges { node { ...F b: unreadCount(participantReference: """ann""") ... on Node { id } } }';
    const document = `query ($who: String!) { list: chatSessions(first: 50) { ${edges} } } ${fragment}`;
    const { data, sent: statements } = await runDocument(document, {
      who: 'bob',
    });
    expect(statements).toHaveLength(1);
    expect(new Set(data.list.edges.map(({ node }) => node['a']))).toEqual(new Set([1, 2, 3]));
    expect(new Set(data.list.edges.map(({ node }) => node['b']))).toEqual(new Set([0]));
  });

  it('search, filters, an order and a cursor send no further statement', async () => {
    const args =
      'first: 50, filter: { search: "hello", active: true, priorities: [MEDIUM] }, orderBy: { field: PRIORITY, direction: ASC }';
    const { sent: statements } = await runDocument(list(UNREAD, args));
    expect(statements).toHaveLength(1);
  });

  it('session pages of several institutions are read with the statement of the institutions', async () => {
    const document = `{ institutions { nodes { name chatSessions(first: 25) { nodes { id ${UNREAD} } } } } }`;
    const { sent: statements } = await runDocument(document);
    expect(statements).toHaveLength(1);
  });

  it('counts for more participants than one statement holds send one more, not one per session', async () => {
    const fields = times(8, (index) => `u${index}: unreadCount(participantReference: "p${index}")`).join(' ');
    const { sent: statements, data } = await runDocument(list(fields));
    expect(statements).toHaveLength(2);
    expect(
      data.chatSessions.nodes.every((node) => times(8, (index) => node[`u${index}`]).every((count) => count === 3)),
    ).toBe(true);
  });

  it('last read sequences send one more statement', async () => {
    const { sent: statements } = await runDocument(list('lastReadSequence(participantReference: "bob")'));
    expect(statements).toHaveLength(2);
  });
});

describe('descriptions of sessions', () => {
  it('descriptions are not loaded for a list that does not select them', async () => {
    for (const fields of ['title', UNREAD, 'position { id } institution { id name }']) {
      const { sent: statements } = await runDocument(list(fields));
      const [own = ''] = statements.filter((text) => text.includes('from chat_sessions'));
      expect(own).toContain('t.last_activity_at');
      expect(own).not.toContain('description');
    }
  });

  it('descriptions are loaded for a list that selects them in any way', async () => {
    for (const document of [
      list('description'),
      list('long: description'),
      list('... on ChatSession { ... { description } }'),
      '{ chatSessions(first: 50) { edges { node { ...D } } } } fragment D on ChatSession { description }',
      '{ institutions { nodes { chatSessions(first: 1) { nodes { description } } } } }',
    ]) {
      const { data } = await runDocument(document);
      expect(JSON.stringify(data)).toContain('at length');
    }
  });

  it('descriptions are complete if one document has a list without them and a session by its id', async () => {
    const { data: first } = await runDocument(list('title', 'first: 1'));
    const id = first.chatSessions.nodes[0]?.['id'];
    const document = `query ($id: ID!) { chatSessions(first: 1) { nodes { id messages(first: 1) { nodes { chatSession { description } } } } }
      chatSession(id: $id) { description } node(id: $id) { ... on ChatSession { description } } }`;
    const { data } = await runDocument(document, { id });
    expect(data).toMatchObject({
      chatSessions: { nodes: [{ id, messages: { nodes: [{ chatSession: { description: 'at length' } }] } }] },
      chatSession: { description: 'at length' },
      node: { description: 'at length' },
    });
  });
});
