import {
  type GraphQLArgument,
  type GraphQLInputField,
  type GraphQLInputType,
  getNamedType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isListType,
  isRequiredInputField,
} from 'graphql';

/** Valid values for names whose type alone does not determine one. */
const SAMPLES: Readonly<Record<string, unknown>> = {
  code: 'CONSTR_ESCROW',
  config: { currency: 'USD', region: 'US' },
  region: 'US',
  toState: 'CANCELLED',
  currencyCode: 'USD',
  amount: '2.50',
  upToSequence: 0,
  termsVersion: 1,
  url: 'https://hooks.example.com/',
  document: 'subscription { positionChanged { kind } }',
};

/** The value of the tried argument, and ids for others. */
export interface Filling {
  readonly path: readonly string[];
  readonly value: string;
  /** Returns the id for a field of this name. */
  readonly idFor: (name: string) => string;
}

/** Returns a valid argument or input field: required values, and the tried value. */
export function filled(input: GraphQLArgument | GraphQLInputField, filling: Filling): unknown {
  const { path, value } = filling;
  const type: GraphQLInputType = getNullableType(input.type);
  const one = (named: GraphQLInputType): unknown => {
    if (path[0] === input.name && path.length === 1) return value;
    if (named.toString() === 'ID') return filling.idFor(input.name);
    if (isInputObjectType(named))
      return membersOf(Object.values(named.getFields()), named.isOneOf, inner(input, filling));
    if (input.name in SAMPLES) return SAMPLES[input.name];
    return isEnumType(named) ? named.getValues()[0]?.name : 'some text';
  };
  return isListType(type) ? [one(getNamedType(type))] : one(type);
}

const inner = ({ name }: GraphQLArgument | GraphQLInputField, filling: Filling): Filling => ({
  ...filling,
  path: filling.path[0] === name ? filling.path.slice(1) : [],
});

/** Returns the fields of an input, or the arguments of a field, that are required or lead to the tried value. */
export function membersOf(
  members: readonly (GraphQLArgument | GraphQLInputField)[],
  isOneOf: boolean,
  filling: Filling,
): Readonly<Record<string, unknown>> {
  const [first] = members;
  const isNeeded = (each: GraphQLArgument | GraphQLInputField): boolean => {
    if (each.name === filling.path[0]) return true;
    if (isOneOf) return filling.path.length === 0 && each === first;
    return isRequiredInputField(each);
  };
  return Object.fromEntries(members.filter(isNeeded).map((each) => [each.name, filled(each, filling)]));
}
