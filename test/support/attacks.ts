/** An expensive document, and the code that it is rejected with, or null if it may be executed. */
export interface Attack {
  readonly name: string;
  readonly query: string;
  readonly variables?: string;
  readonly code: RegExp | null;
}

export const times = (count: number, text: string | ((index: number) => string), by = ' '): string =>
  Array.from({ length: count }, (_, index) => (typeof text === 'string' ? text : text(index))).join(by);

/** The maximum size of a body, less the bytes around the document. */
const MEBIBYTE = 1_048_576 - 2_000;
const fill = (text: string, bytes = MEBIBYTE): string => text.repeat(Math.floor(bytes / text.length));

const TOO_COMPLEX = /^QUERY_TOO_COMPLEX$/;
const INVALID = /^GRAPHQL_VALIDATION_FAILED$/;
const BAD_INPUT = /^BAD_USER_INPUT$/;
const TOO_DEEP = /^BAD_(REQUEST|USER_INPUT)$/;
const UNREADABLE = /^(GRAPHQL_PARSE_FAILED|QUERY_TOO_COMPLEX)$/;

const NESTED = 'positions { nodes { asset { ';
const PAGES =
  'positions(first: $n) { nodes { asset { positions(first: $n) { nodes { events(first: $n) { nodes { id } } } } } } }';
const FILTER = 'filter: { amount: { gte: "1" } }';
const IDS = 'query ($v: [ID!]!) { nodes(ids: $v) { id } }';
const METADATA =
  'mutation ($v: JSONObject) { createAsset(input: { templateId: "x", label: "l", metadata: $v }) { __typename } }';
const FILTERED = 'query ($v: PositionFilter) { positions(filter: $v) { totalCount } }';

const documents: readonly Attack[] = [
  { name: 'depth: fields nest 30 deep', query: `{ ${times(10, NESTED)} id ${times(30, '}')} }`, code: TOO_COMPLEX },
  { name: 'depth: 90 inline fragments', query: `{ ${times(90, '... {')} __typename ${times(90, '}')} }`, code: null },
  { name: '300 aliases', query: `{ ${times(300, (index) => `a${index}: __typename`)} }`, code: TOO_COMPLEX },
  { name: '10 unknown directives', query: `{ __typename ${times(10, '@aa')} }`, code: TOO_COMPLEX },
  {
    name: 'fragments in a cycle',
    query: `{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }`,
    code: INVALID,
  },
  {
    name: 'cycles through all of 60 fragments',
    query: `{ ...F0 } ${times(60, (index) => `fragment F${index} on Query { ...F${(index + 1) % 60} ...F${(index + 7) % 60} }`)}`,
    code: INVALID,
  },
  {
    name: 'fragments that double 30 times',
    query: `{ ...F0 } ${times(30, (index) => `fragment F${index} on Query { ...F${index + 1} ...F${index + 1} }`)} fragment F30 on Query { __typename }`,
    code: null,
  },
  {
    name: 'fragments that double within fields',
    query: `{ positions { nodes { ...F0 } } } ${times(3, (index) => `fragment F${index} on Position { ${times(9, `asset { positions { nodes { ...F${index + 1} } } }`)} }`)} fragment F3 on Position { id }`,
    code: TOO_COMPLEX,
  },
  {
    name: 'a chain of 120 fragments',
    query: `{ ...F0 } ${times(120, (index) => `fragment F${index} on Query { ...F${index + 1} }`)} fragment F120 on Query { __typename }`,
    code: null,
  },
  {
    name: 'a chain of fragments defined in reverse order',
    query: `fragment F0 on Query { __typename } ${times(120, (index) => `fragment F${index + 1} on Query { ...F${index} }`)} { ...F120 }`,
    code: null,
  },
  {
    name: '90 fragments side by side',
    query: `{ ${times(90, (index) => `...F${index}`)} } ${times(90, (index) => `fragment F${index} on Query { __typename }`)}`,
    code: null,
  },
  { name: '500 equal fields', query: `{ ${times(500, '__typename')} }`, code: TOO_COMPLEX },
  { name: '990 equal fields', query: `{ ${times(990, '__typename')} }`, code: TOO_COMPLEX },
  { name: '240 equal fields of objects', query: `{ ${times(240, 'positions { totalCount }')} }`, code: TOO_COMPLEX },
  {
    name: '45 equal fields with equal filters',
    query: `{ ${times(45, `positions(${FILTER}) { __typename }`)} }`,
    code: null,
  },
  {
    name: '50 equal fields that differ in an id',
    query: `{ ${times(50, (index) => `node(id: "${index}") { id }`)} }`,
    code: INVALID,
  },
  {
    name: '300 unknown fields',
    query: `{ ${times(300, (index) => `positionsOfInstitution${index}`)} }`,
    code: INVALID,
  },
  {
    name: '240 unknown types',
    query: `query (${times(240, (index) => `$v${index}: PositionOfInstitutionFilter${index}`)}) { __typename }`,
    code: INVALID,
  },
  {
    name: '130 operations',
    query: times(130, (index) => `query Q${index} { ...F }`) + ' fragment F on Query { __typename }',
    code: /^BAD_REQUEST$/,
  },
  { name: 'a page in a page, by a default', query: `query ($n: Int = 100) { ${PAGES} }`, code: TOO_COMPLEX },
  {
    name: 'a page in a page, by a variable',
    query: `query ($n: Int) { ${PAGES} }`,
    variables: '{"n":100}',
    code: TOO_COMPLEX,
  },
  {
    name: 'a literal nested 95 deep',
    query: `mutation { createAsset(input: { templateId: "x", label: "l", metadata: ${times(90, '{ a:')} 1 ${times(90, '}')} }) { __typename } }`,
    code: null,
  },
];

const variables: readonly Attack[] = [
  { name: '1,001 ids', query: IDS, variables: `{"v":[${times(1_001, '"a"', ',')}]}`, code: TOO_COMPLEX },
  { name: '1 MiB of ids', query: IDS, variables: `{"v":[${fill('"",')}""]}`, code: TOO_DEEP },
  { name: '1 MiB of objects as ids', query: IDS, variables: `{"v":[${fill('{},')}{}]}`, code: TOO_DEEP },
  {
    name: '1 MiB of unknown keys',
    query: FILTERED,
    variables: `{"v":{${times(50_000, (index) => `"colour${index}":1`, ',')}}}`,
    code: TOO_DEEP,
  },
  {
    name: 'variables nested 170,000 deep',
    query: METADATA,
    variables: `{"v":${fill('{"a":', 850_000)}1${'}'.repeat(170_000)}}`,
    code: null,
  },
  {
    name: 'lists nested 500,000 deep',
    query: METADATA,
    variables: `{"v":${'['.repeat(500_000)}${']'.repeat(500_000)}}`,
    code: TOO_DEEP,
  },
  { name: '1 MiB of JSON for metadata', query: METADATA, variables: `{"v":{"a":[${fill('0,')}0]}}`, code: null },
  { name: 'a key of 1 MiB', query: FILTERED, variables: `{"v":{"${fill('a')}":1}}`, code: BAD_INPUT },
];

/** Texts that are repeated up to 1 MiB each. Those that need more bytes in JSON are repeated less often. */
const SIGNS: readonly string[] = [
  ['{', '{}', '([{', '}', '{a', '[', '!', ' ', ',', '\n', '#', '#\n', '"', '"" ', '"""', '\\"', '"\n', '\\'],
  ['a', 'a ', '1', '1 ', '...', '@a', 'é', '\ufeff', '\u0000'],
].flat();
const bytesOf = (text: string): number => Buffer.byteLength(JSON.stringify(text)) - 2;

const mebibytes: readonly Attack[] = [
  ...SIGNS.map((sign): Attack => {
    const query = sign.repeat(Math.floor(MEBIBYTE / bytesOf(sign)));
    return { name: `1 MiB of ${JSON.stringify(sign)}`, query, code: UNREADABLE };
  }),
  { name: '1 MiB of commas, then a query', query: `${fill(',')}{ __typename }`, code: null },
  { name: '1 MiB of one comment, then a query', query: `${fill('#')}\n{ __typename }`, code: null },
  { name: '1 MiB of comments, then a query', query: `${fill('#\n', MEBIBYTE / 2)}{ __typename }`, code: TOO_COMPLEX },
  {
    name: '1 MiB of lines in a text',
    query: `{ node(id: """${fill('\n', MEBIBYTE / 2)}""") { id } }`,
    code: TOO_COMPLEX,
  },
  { name: '1 MiB of one text', query: `{ node(id: "${fill('a')}") { id } }`, code: null },
  { name: '1 MiB of one name', query: `{ ${fill('a')} }`, code: INVALID },
  { name: '1 MiB of one number', query: `{ positions(first: ${fill('1')}) { totalCount } }`, code: INVALID },
  { name: '1 MiB of escapes in a text', query: `{ node(id: "${fill('\\u0061', MEBIBYTE / 2)}") { id } }`, code: null },
  { name: '1 MiB of a name for a type', query: `query ($a: ${fill('a')}) { __typename }`, code: INVALID },
];

export const ATTACKS: readonly Attack[] = [...documents, ...variables, ...mebibytes];
