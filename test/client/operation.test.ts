import { Kind, type OperationDefinitionNode, parse, print, visit } from 'graphql';
import { describe, expect, it } from 'vitest';
import * as documentsOfTheClient from '../../src/client/generated/documents.ts';
import { EscrowGridError, REQUEST_ERROR_CODES } from '../../src/client/index.ts';
import { operationOf } from '../../src/client/operation.ts';
import { settingsOf } from '../../src/client/options.ts';
import { isOutage, isTemporary, retryDelayMs } from '../../src/client/retry.ts';
import { schema } from '../../src/schema/index.ts';
import * as documentsOfTheTests from '../api/documents/graphql.ts';
import { codeBlocks, DOCUMENTS, sectionOf } from '../support/documents.ts';

/** Documents of every kind: those of the client, of the tests and of the guides. */
const TEXTS: readonly string[] = [
  ...Object.values(documentsOfTheClient).map(String),
  ...Object.values(documentsOfTheTests).map((document) => print(document)),
  ...[...DOCUMENTS.values()].flatMap((markdown) => codeBlocks(markdown, 'graphql')),
];

/** Returns the same as `operationOf`, by means of the parser of graphql. */
function parsedOperation(text: string) {
  const document = parse(text);
  const operation = document.definitions.find(({ kind }) => kind === Kind.OPERATION_DEFINITION) as
    | OperationDefinitionNode
    | undefined;
  const selections = operation?.selectionSet.selections ?? [];
  const [first] = selections;
  const field = selections.length === 1 && first?.kind === Kind.FIELD ? first : undefined;
  const kind = operation?.operation ?? '';
  let setsKey = false;
  visit(document, { ObjectField: ({ name }) => void (setsKey ||= name.value === 'idempotencyKey') });
  const type = kind === 'mutation' && field ? schema.getMutationType()?.getFields()[field.name.value] : undefined;
  const input = String(type?.args[0]?.type).replace('!', '');
  const inputType = schema.getType(input);
  const takesKey = inputType !== undefined && 'getFields' in inputType && 'idempotencyKey' in inputType.getFields();
  return { kind, takesIdempotencyKey: takesKey && !setsKey };
}

describe('operationOf', () => {
  it('reads documents like the parser of graphql', () => {
    const kinds = new Set<string>();
    for (const text of TEXTS) {
      const { kind, takesIdempotencyKey } = operationOf(text);
      expect({ text, kind, takesIdempotencyKey }).toEqual({ text, ...parsedOperation(text) });
      kinds.add(`${kind} ${takesIdempotencyKey}`);
    }
    const operations = ['query false', 'mutation true', 'mutation false', 'subscription false'];
    expect([...kinds].toSorted()).toEqual([' false', ...operations].toSorted());
  });

  it.each([
    ['{ mutation }', 'query', false],
    ['# mutation\nquery mutation { subscription: viewer { role } }', 'query', false],
    ['fragment mutation on Query { viewer { role } } query { ...mutation }', 'query', false],
    ['query Q($f: F = {a: "}", b: [{}]}) @d(a: {b: 1}) { a } fragment F on T { mutation }', 'query', false],
    ['mutation{fundPosition(input:{positionId:"mutation{"}){__typename}}', 'mutation', true],
    [
      'mutation M @live { a: fundPosition (input: $i) @include(if: $b) { ... on UserError { code } } }',
      'mutation',
      true,
    ],
    ['mutation { fundPosition(input: {reason: """ idempotencyKey """}) { __typename } }', 'mutation', true],
    ['mutation { fundPosition: createApiKey(input: $i) { __typename } }', 'mutation', false],
    ['mutation { ... on Mutation { fundPosition(input: $i) { __typename } } }', 'mutation', false],
    ['mutation { fundPosition(input: $i) { __typename } __typename }', 'mutation', false],
    ['', '', false],
    ['}{', '}', false],
  ])('reads %j', (text, kind, takesIdempotencyKey) => {
    expect(operationOf(text)).toMatchObject({ kind, takesIdempotencyKey });
  });

  it('finds the variable of the input', () => {
    expect(operationOf('mutation ($x: I!) { a: fundPosition(input: $x) { __typename } }').inputVariable).toBe('x');
    const nested =
      'fragment F on A { a(input: $x) { b } } mutation { fundPosition(input: {positionId: $x}) { a(input: $x) } }';
    expect(operationOf(nested).inputVariable).toBeUndefined();
  });
});

describe('errors and retries', () => {
  it('knows every code of the guide', () => {
    const codes = [...sectionOf('docs/api.md', 'Error codes').matchAll(/^\| `([A-Z_]+)`/gm)].map(
      ([, code = '']) => code,
    );
    expect(codes.length).toBeGreaterThan(10);
    expect([...REQUEST_ERROR_CODES].toSorted()).toEqual(codes.toSorted());
  });

  it('repeats what may succeed later', () => {
    const errors = REQUEST_ERROR_CODES.map((code) => new EscrowGridError(code, ''));
    const codesOf = (choose: (error: EscrowGridError) => boolean): readonly string[] =>
      errors.filter(choose).map(({ code }) => code);
    const always = ['RATE_LIMITED', 'BUSY', 'SERVICE_UNAVAILABLE'];
    expect(codesOf((error) => isTemporary(error, true))).toEqual([...always, 'INTERNAL_SERVER_ERROR']);
    expect(codesOf((error) => isTemporary(error, false))).toEqual(['TIMEOUT', ...always, 'INTERNAL_SERVER_ERROR']);
    expect(codesOf(isOutage)).toEqual([...always, 'CURSOR_EXPIRED']);
  });

  it('waits longer each time, at random, and at least as long as the server asks for', () => {
    const settings = settingsOf({ url: '' });
    const plain = new EscrowGridError('BUSY', '');
    const asked = new EscrowGridError('BUSY', '', { retryAfterMs: 3_000 });
    const delays = (failures: number, error: EscrowGridError): readonly number[] =>
      Array.from({ length: 200 }, () => retryDelayMs(failures, error, settings) ?? -1);
    for (const [failures, most] of [200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000].entries()) {
      const all = delays(failures, plain);
      expect(Math.min(...all)).toBeGreaterThanOrEqual(most / 2);
      expect(Math.max(...all)).toBeLessThanOrEqual(most);
      expect(new Set(all).size).toBeGreaterThan(1);
    }
    expect(Math.min(...delays(0, asked))).toBeGreaterThanOrEqual(3_000);
    expect(retryDelayMs(0, asked, { ...settings, maxRetryDelayMs: 2_999 })).toBeUndefined();
  });
});
