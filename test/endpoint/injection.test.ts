import { type GraphQLField, type GraphQLOutputType, getNamedType, isObjectType, isUnionType } from 'graphql';
import { beforeAll, describe, expect, it } from 'vitest';
import { TOKEN_BYTES, tokenOf } from '../../src/domain/apiKey.ts';
import { schema } from '../../src/schema/index.ts';
import type { Store } from '../../src/store/store.ts';
import { FULL } from '../counts.ts';
import { changedBy } from '../support/conversation.ts';
import { houseOf } from '../support/endpoint.ts';
import { INJECTIONS, type Place, placesOf, valuesWith } from '../support/injections.ts';
import { serve, type TestServer } from '../support/server.ts';
import { openMemory, openPostgres } from '../support/stores.ts';

interface Side {
  readonly store: Store;
  readonly server: TestServer;
  readonly ids: Readonly<Record<string, string>>;
}
let sides: readonly [Side, Side];

/** Creates a server whose ids and tokens are the same in every run, so that responses can be compared exactly. */
async function sideOn(store: Store): Promise<Side> {
  let count = 0;
  const next = () => String((count += 1)).padStart(26, '0');
  const server = serve(store, {
    newId: (type) => `${type}_${next()}`,
    newToken: (institutionId) => tokenOf(Buffer.from(next().slice(-8).padEnd(TOKEN_BYTES, '0')), institutionId),
  });
  const { ids } = await houseOf(server);
  return { store, server, ids: Object.fromEntries(ids.map((id) => [id.split('_', 1)[0] ?? '', id])) };
}
beforeAll(async () => {
  sides = [await sideOn(await openMemory()), await sideOn(await openPostgres())];
});

const BY_NAME: Readonly<Record<string, string>> = {
  institutionId: 'inst',
  templateId: 'tmpl',
  templateIds: 'tmpl',
  assetId: 'ast',
  positionId: 'pos',
  chatSessionId: 'chat',
  chatMessageId: 'msg',
  apiKeyId: 'key',
};
const SCALARS: Readonly<Record<string, unknown>> = {
  Int: 1,
  Boolean: true,
  Decimal: '1.00',
  CurrencyCode: 'USD',
  DateTime: '2027-01-01T00:00:00Z',
  JSONObject: { currency: 'USD', region: 'US' },
};
const usualOn =
  ({ ids }: Side) =>
  (name: string, type: { toString(): string }): unknown =>
    ids[BY_NAME[name] ?? ''] ?? SCALARS[type.toString()] ?? 'word';

/** Selects all fields of the result, without nested objects. */
function selectionOf(type: GraphQLOutputType): string {
  const named = getNamedType(type);
  if (isUnionType(named)) return '{ __typename ... on UserError { code message path } }';
  if (!isObjectType(named)) return 'getFields' in named ? '{ __typename }' : '';
  const { totalCount } = named.getFields();
  return totalCount ? '{ totalCount nodes { id } }' : '{ __typename }';
}

interface Trial {
  readonly name: string;
  readonly field: GraphQLField<unknown, unknown>;
  readonly place: Place;
  /** The query field that returns the parent by its id, or null for root fields. */
  readonly within: string | null;
  readonly kind: string;
}
const PARENTS = {
  Institution: 'institution',
  AssetTemplate: 'assetTemplate',
  Asset: 'asset',
  Position: 'position',
  ChatSession: 'chatSession',
};
const IDS: Readonly<Record<string, string>> = {
  institution: 'inst',
  assetTemplate: 'tmpl',
  asset: 'ast',
  position: 'pos',
  chatSession: 'chat',
};

const TRIALS: readonly Trial[] = Object.entries({ Query: null, Mutation: null, ...PARENTS }).flatMap(
  ([type, within]) => {
    const known = schema.getType(type);
    return Object.values(isObjectType(known) ? known.getFields() : {}).flatMap((field) =>
      placesOf(field.args).map((place) => {
        const kind = type === 'Mutation' ? 'mutation' : 'query';
        return { name: `${type}.${field.name}(${place.join('.')})`, field, place, within, kind };
      }),
    );
  },
);

/** Returns the response of one server. */
async function answerOf(side: Side, { field, place, within, kind }: Trial, text: string): Promise<string> {
  const values = valuesWith(field.args, place, text, usualOn(side));
  const defined = field.args.map(({ name, type }) => `$${name}: ${type.toString()}`).join(', ');
  const given = field.args.map(({ name }) => `${name}: $${name}`).join(', ');
  const selection = `${field.name}(${given}) ${selectionOf(field.type)}`;
  const parent = within && `${within}(id: "${side.ids[IDS[within] ?? '']}")`;
  const answer = await side.server.ask(
    `${kind} (${defined}) { ${parent ? `${parent} { ${selection} }` : selection} }`,
    values,
  );
  expect([answer.status < 500, side.server.faults.splice(0)]).toEqual([true, []]);
  return answer.text;
}

describe('texts with a meaning in other languages', () => {
  it.each(TRIALS)('a text with SQL, HTML or shell syntax has no special meaning in $name', async (trial) => {
    const index = TRIALS.indexOf(trial);
    // Each argument is tried with some texts, and each text in many arguments. With large counts all are tried.
    const texts = INJECTIONS.filter((_, each) => FULL || (each + index) % 6 === 0);
    const answers: string[][] = [[], []];
    const changes = [];
    for (const [which, side] of sides.entries()) {
      const all = answers[which] ?? [];
      changes.push(
        await changedBy(side.store, async () => {
          for (const text of texts) all.push(await answerOf(side, trial, text));
        }),
      );
    }
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[0]?.join('\n')).not.toMatch(/INTERNAL_SERVER_ERROR|node_modules|sqlstate|syntax error at/i);
    expect(changes[1]).toEqual(changes[0]);
    // A rejected attempt writes its audit event, and a user error under the idempotency key.
    const written = Object.keys(changes[0] ?? {}).filter(
      (table) => !['auditEvents', 'idempotencyRecords'].includes(table),
    );
    const succeeded = answers[0]?.some((answer) => /"__typename":"\w+Payload"/.test(answer)) ?? false;
    expect(succeeded ? [] : written).toEqual([]);
  });
});
