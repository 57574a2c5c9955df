import {
  GraphQLInputObjectType,
  GraphQLInt,
  GraphQLNonNull,
  GraphQLObjectType,
  type GraphQLScalarType,
  type GraphQLSchema,
  GraphQLUnionType,
} from 'graphql';
import { Issues } from '../domain/issues.ts';
import { assertAllowed, EVERYONE, ROOT_ONLY } from '../domain/rights.ts';
import { formatInstant, type Instant, LATEST } from '../domain/time.ts';
import { type ErrorData, toErrorData, UserError } from '../domain/userErrors.ts';
import type { Context } from './builder.ts';
import { ERRORS, isUserError } from './errors.ts';
import { uncapitalized } from './naming.ts';
import { type RootFields, withRootFields } from './rootFields.ts';

/** The functions of a server with a test clock that its clients can call. */
export interface TestClockControl {
  readonly now: () => Instant;
  /** Advances the clock, and runs the background jobs that are due by then. */
  readonly advance: (to: Instant) => Promise<unknown>;
  /** Returns to the state of the start. */
  readonly reset: () => Promise<unknown>;
}

/** Returns the schema with the query and the mutations of the test clock, which no other server has. */
export function withTestClock(schema: GraphQLSchema, control: TestClockControl): GraphQLSchema {
  const added = { query: queryOf(schema, control), mutation: mutationsOf(schema, control), subscription: {} };
  return withRootFields(schema, (fields, kind) => ({ ...fields, ...added[kind] }));
}

const queryOf = (schema: GraphQLSchema, control: TestClockControl): RootFields => ({
  testClock: {
    type: timeType(schema, control, 'TestClock', 'The clock of a server for tests. It stands still.'),
    description: 'Returns the clock of a server for tests.',
    extensions: { roles: EVERYONE },
    resolve: () => ({}),
  },
});

const mutationsOf = (schema: GraphQLSchema, control: TestClockControl): RootFields => ({
  testClockAdvance: {
    type: resultType(schema, control, 'TestClockAdvance', ['FORBIDDEN', 'VALIDATION_FAILED']),
    description:
      'Advances the clock of the server, and does what a running server would have done by then: positions expire, each at its own time, and data past its retention is deleted. Requires the root key.',
    extensions: MUTATION,
    args: { input: { type: new GraphQLNonNull(advanceInput(schema)), description: 'Input for testClockAdvance.' } },
    resolve: (_root, { input }, context) =>
      answer(context, () => control.advance(targetOf(input as AdvanceInput, control.now()))),
  },
  testReset: {
    type: resultType(schema, control, 'TestReset', ['FORBIDDEN']),
    description:
      'Returns to the state directly after the start: data, time and ids. Subscriptions end with the error CURSOR_EXPIRED. Requires the root key.',
    extensions: MUTATION,
    resolve: (_root, _args, context) => answer(context, control.reset),
  },
});

const dateTimeOf = (schema: GraphQLSchema): GraphQLScalarType => schema.getType('DateTime') as GraphQLScalarType;

/** Returns a type whose only field is the time of the server. */
const timeType = (
  schema: GraphQLSchema,
  { now }: TestClockControl,
  name: string,
  description: string,
): GraphQLObjectType => {
  const time = { type: new GraphQLNonNull(dateTimeOf(schema)), description: 'The time of the server.', resolve: now };
  return new GraphQLObjectType({ name, description, fields: { now: time } });
};

/** Returns the union of the payload of a mutation and the user errors with these codes. */
function resultType(
  schema: GraphQLSchema,
  control: TestClockControl,
  name: string,
  codes: readonly ('FORBIDDEN' | 'VALIDATION_FAILED')[],
): GraphQLUnionType {
  const payload = timeType(schema, control, `${name}Payload`, `Result of a successful ${uncapitalized(name)}.`);
  const errors = codes.map((code) => schema.getType(ERRORS[code].name) as GraphQLObjectType);
  return new GraphQLUnionType({
    name: `${name}Result`,
    description: `The \`${payload.name}\` or a user error. The union is open: always select \`... on UserError\`.`,
    types: [payload, ...errors],
    resolveType: (value: object) => (isUserError(value) ? ERRORS[value.code].name : payload.name),
  });
}

const MUTATION = { roles: ROOT_ONLY, cost: { own: 10 } } as const;

/** Input for testClockAdvance. */
interface AdvanceInput {
  readonly to?: Instant | null;
  readonly seconds?: number | null;
}

const advanceInput = (schema: GraphQLSchema): GraphQLInputObjectType =>
  new GraphQLInputObjectType({
    name: 'TestClockAdvanceInput',
    description: 'Input for testClockAdvance. Set exactly one field.',
    fields: {
      to: { type: dateTimeOf(schema), description: 'The new time. Not before the current one.' },
      seconds: { type: GraphQLInt, description: 'The number of seconds by which the clock advances. At least 0.' },
    },
  });

/** Returns the new time. Throws ValidationError. */
function targetOf({ to, seconds }: AdvanceInput, now: Instant): Instant {
  const issues = new Issues();
  if ((typeof to === 'number') === (typeof seconds === 'number')) {
    issues.add(['to'], 'or `seconds` is required; set exactly one of them.');
  }
  const target = Math.floor(typeof to === 'number' ? to : now + (seconds ?? 0) * 1_000);
  if (target < now) {
    issues.add(
      [typeof to === 'number' ? 'to' : 'seconds'],
      `must not set the clock back; it is ${formatInstant(now)}.`,
    );
  }
  if (target > LATEST) issues.add(['seconds'], `must not lead beyond ${formatInstant(LATEST)}.`);
  issues.throwIfAny();
  return target;
}

/** Does the work as root. Returns the payload, which reads the clock by itself, or the user error. */
async function answer({ viewer, read }: Context, work: () => Promise<unknown>): Promise<object | ErrorData> {
  try {
    assertAllowed(viewer, ROOT_ONLY);
    await work();
    return {};
  } catch (error) {
    if (error instanceof UserError) return toErrorData(error);
    throw error;
  } finally {
    read.clear();
  }
}
