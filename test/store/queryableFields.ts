import * as fc from 'fast-check';
import { REGIONS, VERTICALS } from '../../src/domain/institution.ts';
import { POSITION_STATES } from '../../src/domain/lifecycle.ts';
import { MILESTONE_STATES } from '../../src/domain/milestone.ts';
import { DELIVERY_STATES } from '../../src/domain/webhookDelivery.ts';
import { ENDPOINT_STATES } from '../../src/domain/webhookEndpoint.ts';
import type { Tables } from '../../src/store/store.ts';
import {
  COUNTRIES,
  CURRENCIES,
  INSTANTS,
  KINDS,
  type ListedTable,
  PARTIES,
  PRIORITIES,
  type Rows,
  SEQUENCES,
  TERMS,
  TEXTS,
} from './randomRows.ts';
import { currency, nextId, START } from './rows.ts';

/** The queryable fields of a table: its filters, its orders and its parents. */
export interface QueryableFields<E> {
  readonly where: { readonly [F in keyof E]?: fc.Arbitrary<unknown> };
  readonly orders: readonly (readonly string[])[];
  readonly parents: readonly ListedTable[];
  readonly needsParent: boolean;
  /** The words to search in its texts. */
  readonly words?: readonly string[];
  /** The metadata terms to search. */
  readonly terms?: readonly string[];
  /** The references of parties to search, and the countries of template configs. */
  readonly parties?: readonly string[];
  readonly countries?: readonly string[];
}

/** A choice that depends on the rows, once they exist. */
export type Later<V> = (rows: Rows) => V;
export const at = fc.nat(10_000);
export const idOf = (table: ListedTable): fc.Arbitrary<Later<string>> =>
  fc.oneof(
    {
      weight: 9,
      arbitrary: at.map(
        (n): Later<string> =>
          (rows) =>
            (rows[table][n % rows[table].length] as { id: string }).id,
      ),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom('nonsense', 'x\0', nextId('pos')).map(
        (id): Later<string> =>
          () =>
            id,
      ),
    },
  );
const oneOf = <V>(values: readonly V[]) =>
  fc.constantFrom(...values).map(
    (value): Later<V> =>
      () =>
        value,
  );
const isIn = <V>(value: fc.Arbitrary<Later<V>>) =>
  fc
    .oneof(
      { weight: 3, arbitrary: fc.array(value, { minLength: 1, maxLength: 1 }) },
      { weight: 3, arbitrary: fc.array(value, { minLength: 2, maxLength: 5 }) },
      { weight: 1, arbitrary: fc.constant([]) },
    )
    .map(
      (values): Later<object> =>
        (rows) => ({ in: values.map((each) => each(rows)) }),
    );
const isWithin = (values: readonly (number | bigint | string)[]) => {
  const bound = fc.constantFrom(...values);
  return fc.record({ gte: bound, gt: bound, lte: bound, lt: bound }, { requiredKeys: [] }).map(
    (range): Later<object> =>
      () => ({ range }),
  );
};
const instantRange = isWithin([...INSTANTS, START - 1, START + 50, START + 100]);
const texts = isIn(oneOf([...TEXTS, 'unknown', 'NUL\0', '\ud800']));
const textsOrRange = fc.oneof(texts, isWithin([...TEXTS, 'B', '']));
const institutionId = isIn(idOf('institutions'));

export const QUERYABLE_FIELDS: { readonly [T in ListedTable]: QueryableFields<Tables[T]> } = {
  institutions: {
    where: {
      name: textsOrRange,
      regions: isIn(oneOf(REGIONS)),
      verticals: isIn(oneOf(VERTICALS)),
      createdAt: instantRange,
    },
    orders: [['createdAt'], ['updatedAt'], ['name', 'createdAt']],
    parents: [],
    needsParent: false,
  },
  assetTemplates: {
    where: {
      institutionId,
      code: isIn(oneOf(KINDS)),
      vertical: isIn(oneOf(VERTICALS)),
      region: isIn(oneOf(REGIONS)),
      name: textsOrRange,
    },
    orders: [['createdAt'], ['updatedAt'], ['name', 'createdAt']],
    parents: ['institutions'],
    needsParent: false,
  },
  assets: {
    where: { institutionId, templateId: isIn(idOf('assetTemplates')), label: textsOrRange, createdAt: instantRange },
    orders: [['createdAt'], ['updatedAt'], ['label', 'createdAt']],
    parents: ['institutions', 'assetTemplates'],
    needsParent: false,
    terms: TERMS,
  },
  positions: {
    where: {
      institutionId,
      assetId: isIn(idOf('assets')),
      templateId: isIn(idOf('assetTemplates')),
      holderReference: texts,
      externalReference: textsOrRange,
      state: isIn(oneOf(POSITION_STATES)),
      currency: isIn(oneOf([...CURRENCIES, currency('EUR')])),
      magnitude: isWithin([0n, 1_0000n, 100n, 200n, 10n, 10n ** 22n, 10n ** 27n]),
      createdAt: instantRange,
      updatedAt: instantRange,
      expiresAt: instantRange,
    },
    orders: [['createdAt'], ['updatedAt'], ['magnitude'], ['expiresAt']],
    parents: ['institutions', 'assets'],
    needsParent: false,
    terms: TERMS,
    parties: [...PARTIES, 'NUL\0', '\ud800'],
    countries: [...COUNTRIES, 'NUL\0'],
  },
  positionTerms: { where: {}, orders: [['version']], parents: ['positions'], needsParent: true },
  parties: { where: {}, orders: [['ordinal']], parents: ['positionTerms'], needsParent: true },
  milestones: {
    where: {
      institutionId,
      positionId: isIn(idOf('positions')),
      state: isIn(oneOf(MILESTONE_STATES)),
      dueAt: instantRange,
      createdAt: instantRange,
    },
    orders: [['createdAt'], ['dueAt']],
    parents: ['institutions', 'positions', 'positionTerms'],
    needsParent: false,
  },
  lifecycleEvents: { where: {}, orders: [['sequence']], parents: ['positions'], needsParent: true },
  chatSessions: {
    where: {
      institutionId,
      positionId: isIn(idOf('positions')),
      ownerReference: texts,
      priority: isIn(oneOf(PRIORITIES)),
      active: isIn(oneOf([true, false])),
      deleted: isIn(oneOf([true, false])),
      deletedAt: instantRange,
      createdAt: instantRange,
    },
    orders: [['createdAt'], ['updatedAt'], ['lastActivityAt'], ['priority', 'lastActivityAt'], ['title']],
    parents: ['institutions', 'positions'],
    needsParent: false,
    words: ['a', 'b', 'c', 'd'],
  },
  chatMessages: {
    where: { sequence: isWithin([0, 1, 2, 3, 5, 6]) },
    orders: [['sequence']],
    parents: ['chatSessions'],
    needsParent: true,
  },
  webhookEndpoints: {
    where: { institutionId, state: isIn(oneOf(ENDPOINT_STATES)) },
    orders: [['createdAt'], ['updatedAt']],
    parents: ['institutions'],
    needsParent: false,
  },
  webhookDeliveries: {
    where: {
      institutionId,
      webhookEndpointId: isIn(idOf('webhookEndpoints')),
      objectId: isIn(idOf('positions')),
      state: isIn(oneOf(DELIVERY_STATES)),
      sequence: isWithin([0, ...SEQUENCES]),
      createdAt: instantRange,
    },
    orders: [['createdAt'], ['sequence']],
    parents: ['institutions', 'webhookEndpoints'],
    needsParent: false,
  },
};

export const TABLE_NAMES = Object.keys(QUERYABLE_FIELDS) as readonly ListedTable[];

export const PARENT_FIELDS: { readonly [T in ListedTable]?: string } = {
  institutions: 'institutionId',
  assetTemplates: 'templateId',
  assets: 'assetId',
  positions: 'positionId',
  positionTerms: 'termsId',
  chatSessions: 'sessionId',
  webhookEndpoints: 'webhookEndpointId',
};
