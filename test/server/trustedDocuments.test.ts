import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as clientDocuments from '../../src/client/generated/documents.ts';
import { ConfigurationError } from '../../src/config.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { readTrustedDocuments } from '../../src/trustedDocumentsFile.ts';
import { ROOT_TOKEN, serveKeys } from '../support/keyed.ts';
import { greeted } from '../support/keyedLive.ts';
import { type Answered, answered, atAddress } from '../support/limited.ts';

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');
const QUERY = 'query Trusted($name: String!) { __type(name: $name) { name } viewer { role } }';
const HASH = hashOf(QUERY);
const OTHER = '{ __typename }';
const UNKNOWN = hashOf(OTHER);
const variables = { name: 'Money' };
const DATA = { __type: { name: 'Money' }, viewer: { role: 'ROOT' } };

const texts = new Map([[HASH, QUERY]]);
let [open, only] = ['', ''];
beforeAll(async () => {
  const served = (isOnly: boolean) => serveKeys(createMemoryStore(), { trusted: { texts, only: isOnly } }).app;
  [open, only] = await Promise.all([atAddress(served(false)), atAddress(served(true))]);
});

const post = async (address: string, params: object): Promise<Answered> =>
  answered(
    await fetch(address, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': ROOT_TOKEN },
      body: JSON.stringify(params),
    }),
  );
const get = async (address: string, params: Readonly<Record<string, string>>): Promise<Answered> =>
  answered(
    await fetch(`${address}?${new URLSearchParams(params)}`, {
      headers: { 'x-api-key': ROOT_TOKEN, 'x-graphql-yoga-csrf': '1' },
    }),
  );
const overSocket = async (address: string, payload: object): Promise<unknown> => {
  const bare = await greeted(address, { 'x-api-key': ROOT_TOKEN });
  await bare.next();
  bare.send({ id: '1', type: 'subscribe', payload });
  const message = await bare.next();
  bare.socket.close();
  return message?.payload;
};
const persisted = (sha256Hash: unknown) => ({ extensions: { persistedQuery: { version: 1, sha256Hash } } });

describe('a trusted document', () => {
  const ways: readonly (readonly [string, object])[] = [
    ['documentId', { documentId: HASH }],
    ['documentId with its hash type', { documentId: `sha256:${HASH}` }],
    ['extensions.persistedQuery', persisted(HASH)],
    ['its hash beside its text', { documentId: HASH, query: QUERY }],
    ['its text', { query: QUERY }],
  ];

  it.each(ways)('a trusted document is executed by %s over POST, GET and WebSocket', async (_how, params) => {
    for (const address of [open, only]) {
      expect((await post(address, { ...params, variables })).body).toEqual({ data: DATA });
      const inUrl = Object.entries({ ...params, variables }).map(([name, value]) => [
        name,
        typeof value === 'string' ? value : JSON.stringify(value),
      ]);
      expect((await get(address, Object.fromEntries(inUrl) as Record<string, string>)).body).toEqual({ data: DATA });
      // The protocol requires a text; an empty one counts as none.
      expect(await overSocket(address, { query: '', ...params, variables })).toEqual({ data: DATA });
    }
  });

  const wrong: readonly (readonly [string, object])[] = [
    ['an unknown hash', { documentId: UNKNOWN }],
    ['an unknown hash beside its text', { documentId: UNKNOWN, query: OTHER }],
    ['the hash of a persisted query beside another text', { ...persisted(HASH), query: OTHER }],
    ['a wrong hash of a persisted query beside its text', { ...persisted(hashOf('x')), query: OTHER }],
    ['a hash beside another text', { documentId: HASH, query: OTHER }],
    ['no hash at all', { documentId: 'x' }],
    ['an empty hash', { documentId: '' }],
    ['a number', { documentId: 5 }],
    ['an object', persisted({})],
    ['a name of every object', { documentId: 'constructor' }],
  ];
  it.each(wrong)('no trusted document is executed by %s', async (_how, params) => {
    for (const address of [open, only]) {
      const { status, code } = await post(address, params);
      expect([status, code]).toEqual([400, 'BAD_REQUEST']);
      expect(await overSocket(address, { query: '', ...params })).toMatchObject([
        { extensions: { code: 'BAD_REQUEST' } },
      ]);
    }
  });
});

describe('an unknown persisted query', () => {
  const codeOf = ({ status, code, body }: Answered) => [status, code, body.errors?.[0]?.message];
  const NOT_FOUND = [200, 'PERSISTED_QUERY_NOT_FOUND', 'PersistedQueryNotFound'];

  it('an unknown persisted query gets the error that Apollo Client and urql expect before they send its text', async () => {
    const none = await atAddress(serveKeys(createMemoryStore()).app);
    const unsupported = [200, 'PERSISTED_QUERY_NOT_SUPPORTED', 'PersistedQueryNotSupported'];
    expect(codeOf(await post(none, persisted(UNKNOWN)))).toEqual(unsupported);
    expect(codeOf(await get(none, { extensions: JSON.stringify(persisted(UNKNOWN).extensions) }))).toEqual(unsupported);
    expect(codeOf(await post(open, persisted(UNKNOWN)))).toEqual(NOT_FOUND);
    expect(await overSocket(open, { query: '', ...persisted(UNKNOWN) })).toMatchObject([
      { message: 'PersistedQueryNotFound', extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } },
    ]);
    for (const address of [none, open]) {
      const { body } = await post(address, { ...persisted(UNKNOWN), query: OTHER });
      expect(body).toEqual({ data: { __typename: 'Query' } });
    }
  });

  it('an unknown persisted query is rejected even with its text if only trusted documents are allowed', async () => {
    expect(codeOf(await post(only, persisted(UNKNOWN)))).toEqual(NOT_FOUND);
    const { status, code } = await post(only, { ...persisted(UNKNOWN), query: OTHER });
    expect([status, code]).toEqual([400, 'BAD_REQUEST']);
  });
});

describe('other documents', () => {
  it('other documents are rejected over POST, GET and WebSocket if only trusted documents are allowed', async () => {
    for (const { status, code } of [await post(only, { query: OTHER }), await get(only, { query: OTHER })]) {
      expect([status, code]).toEqual([400, 'BAD_REQUEST']);
    }
    expect(await overSocket(only, { query: OTHER })).toMatchObject([{ extensions: { code: 'BAD_REQUEST' } }]);
  });

  it('other documents are executed if they are allowed', async () => {
    for (const { body } of [await post(open, { query: OTHER }), await get(open, { query: OTHER })]) {
      expect(body).toEqual({ data: { __typename: 'Query' } });
    }
  });
});

describe('the file of trusted documents', () => {
  const folder = mkdtempSync(join(tmpdir(), 'escrowgrid-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const fileOf = (text: string): string => {
    const file = join(folder, 'documents.json');
    writeFileSync(file, text);
    return file;
  };

  it('the file may be written by the code generator of a client', async () => {
    const file = fileURLToPath(new URL('../api/documents/persisted-documents.json', import.meta.url));
    const trusted = readTrustedDocuments({ file, only: true });
    expect(trusted.texts.size).toBeGreaterThan(20);
    const server = serveKeys(createMemoryStore(), { trusted });
    const address = await atAddress(server.app);
    const [hash, text] = [...trusted.texts].find(([, each]) => each.includes('query Lifecycle')) ?? ['', ''];
    const byHash = await post(address, { documentId: `sha256:${hash}` });
    expect(byHash.body).toMatchObject({ data: expect.anything() as unknown });
    expect((await post(address, { query: text })).body).toEqual(byHash.body);
    expect((await post(address, { query: OTHER })).status).toBe(400);
  });

  it('the package has a file with all documents of its client', () => {
    const file = fileURLToPath(new URL('../../trusted-documents.json', import.meta.url));
    const registered = readTrustedDocuments({ file, only: true }).texts.values();
    expect([...registered].toSorted()).toEqual(Object.values<string>(clientDocuments).toSorted());
  });

  it('the file may be empty, or absent unless it is required', () => {
    expect(readTrustedDocuments({ file: fileOf('{}'), only: false }).texts.size).toBe(0);
    expect(readTrustedDocuments({ file: null, only: false })).toEqual({ texts: new Map(), only: false });
    for (const name of [HASH, `sha256:${HASH}`]) {
      expect(readTrustedDocuments({ file: fileOf(JSON.stringify({ [name]: QUERY })), only: false }).texts).toEqual(
        texts,
      );
    }
  });

  it('startup fails if the file is missing or invalid', () => {
    const faults: readonly (readonly [string | null, string])[] = [
      [null, 'must name a file where TRUSTED_DOCUMENTS_ONLY is true.'],
      [join(folder, 'missing.json'), 'must name a file of JSON.'],
      [folder, 'must name a file of JSON.'],
      [fileOf('{'), 'must name a file of JSON.'],
    ];
    for (const [file, why] of faults) {
      expect(() => readTrustedDocuments({ file, only: true })).toThrow(
        new ConfigurationError(`The configuration is wrong:\n- TRUSTED_DOCUMENTS ${why}`),
      );
    }
  });

  it.each([
    JSON.stringify({ [HASH]: OTHER }),
    JSON.stringify({ [HASH]: 5 }),
    JSON.stringify({ [HASH.toUpperCase()]: QUERY }),
    JSON.stringify({ [`sha1:${HASH}`]: QUERY }),
    JSON.stringify({ [`sha256:${HASH}`]: OTHER }),
    JSON.stringify([QUERY]),
    '"text"',
    '5',
    'null',
    '[]',
  ])('startup fails with the file content %s', (text) => {
    const expectedMessage = 'TRUSTED_DOCUMENTS must hold texts by their SHA-256 in hexadecimal.';
    expect(() => readTrustedDocuments({ file: fileOf(text), only: true })).toThrow(expectedMessage);
  });
});
