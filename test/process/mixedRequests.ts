import type { Program } from '../support/program.ts';

/** Texts that a client sends and that must never be logged. */
export const CANARIES = {
  variable: 'canary-of-a-variable',
  text: 'canary-of-a-document',
  header: 'canary-of-a-header',
} as const;

/** What is logged about a request. */
export interface Line {
  readonly operation: string | null;
  readonly type: string | null;
  readonly status: number | null;
  readonly outcome: string;
  readonly errors: readonly string[];
}

/** A request, and the line that it leaves. */
interface Sent {
  readonly line: Line;
  readonly body?: object | string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly token?: string | null;
  readonly method?: 'GET' | 'POST';
}

const line = (
  operation: string | null,
  type: string | null,
  outcome = 'ok',
  status = 200,
  ...errors: readonly string[]
): Line => ({ operation, type, status, outcome, errors });
const rejected = (status: number, code: string): Line => line(null, null, 'rejected', status, code);

const INSTITUTION = `mutation NewInstitution($name: String!) {
  createInstitution(input: { name: $name, regions: [US] }) { __typename } }`;
const COUNT = 'query Count { positions { totalCount } }';
const LONG_NAME = 'N'.repeat(900_000);

/** Returns twenty requests of all kinds. The token is that of an API key. */
export const mixedRequests = (rootKey: string, token: string): readonly Sent[] => [
  // A query that is sent several times is compiled.
  ...Array.from({ length: 5 }, () => ({ body: { query: COUNT }, line: line('Count', 'query') })),
  { body: { query: `{ viewer { role } } # ${CANARIES.text}` }, line: line(null, 'query') },
  { body: { query: '{ viewer { role } }' }, token, line: line(null, 'query') },
  {
    body: { query: INSTITUTION, variables: { name: CANARIES.variable } },
    line: line('NewInstitution', 'mutation'),
  },
  {
    body: { query: INSTITUTION, variables: { name: CANARIES.variable } },
    token,
    line: line('NewInstitution', 'mutation', 'user_error', 200, 'FORBIDDEN'),
  },
  { method: 'GET', body: { query: COUNT }, line: line('Count', 'query') },
  { body: { query: `query ${LONG_NAME} { viewer { role } }` }, line: line(LONG_NAME.slice(0, 64), 'query') },
  { body: { query: `{ "${CANARIES.text}" }` }, line: rejected(200, 'GRAPHQL_PARSE_FAILED') },
  { body: { query: `{ node(id: "${CANARIES.text}") { nothing } }` }, line: rejected(200, 'GRAPHQL_VALIDATION_FAILED') },
  {
    body: { query: INSTITUTION, variables: { name: [CANARIES.variable] } },
    line: line('NewInstitution', 'mutation', 'rejected', 400, 'BAD_USER_INPUT'),
  },
  {
    body: { query: COUNT, operationName: `${CANARIES.text}"}\n{"level":60}` },
    line: rejected(400, 'BAD_REQUEST'),
  },
  { body: CANARIES.text, line: rejected(400, 'BAD_REQUEST') },
  { body: { query: `query ${token} { viewer { role } }` }, line: rejected(400, 'BAD_REQUEST') },
  // Credentials in the wrong headers.
  {
    body: { query: COUNT },
    token: null,
    headers: { 'x-request-id': rootKey, 'user-agent': CANARIES.header, referer: `http://host/${rootKey}` },
    line: rejected(401, 'UNAUTHENTICATED'),
  },
  {
    body: { query: COUNT },
    token: `${token}x`,
    headers: { 'x-request-id': token },
    line: rejected(401, 'UNAUTHENTICATED'),
  },
  {
    body: {
      query:
        'query Deep { positions(first: 100) { nodes { institution { positions(first: 100) { nodes { events(first: 100) { nodes { id } } } } } } } }',
    },
    line: line('Deep', 'query', 'rejected', 400, 'QUERY_TOO_COMPLEX'),
  },
];

/** Sends the requests one after another. */
export async function sendAll(program: Program, rootKey: string, requests: readonly Sent[]): Promise<void> {
  const address = await program.address;
  for (const { body, headers = {}, token = rootKey, method = 'POST' } of requests) {
    const credential = token === null ? {} : { authorization: `Bearer ${token}` };
    const isRead = method === 'GET';
    const search = new URLSearchParams(isRead ? (body as Record<string, string>) : {});
    const response = await fetch(isRead ? `${address}?${search}` : address, {
      method,
      headers: { 'content-type': 'application/json', ...credential, ...headers },
      ...(!isRead && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    await response.arrayBuffer();
  }
}
