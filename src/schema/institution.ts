import { createInstitution, type InstitutionCreated, updateInstitution } from '../commands/institution.ts';
import type { Replayable } from '../commands/perform.ts';
import type { Institution as InstitutionRow } from '../domain/institution.ts';
import { builder } from './builder.ts';
import { connect, connectionType, pageArgs } from './connection.ts';
import { anyOf, textMatching, whereOf } from './filter.ts';
import { EXPECTED_VERSION, IDEMPOTENCY_KEY, mutation, REPLAYED, resultType, UPDATE_ERRORS } from './mutation.ts';
import { Node, node } from './node.ts';
import { orderByName } from './order.ts';

export const Region = builder.enumType('Region', {
  description: 'Where an institution does business.',
  values: {
    US: { description: 'The United States.' },
    EU_UK: { description: 'The European Union and the United Kingdom.' },
    SG: { description: 'Singapore.' },
    UAE: { description: 'The United Arab Emirates.' },
  },
});

export const Vertical = builder.enumType('Vertical', {
  description: 'A line of business.',
  values: {
    CONSTRUCTION: { description: 'Construction: escrow and retainage.' },
    TRADE_FINANCE: { description: 'Trade finance: invoices and letters of credit.' },
  },
});

/** What every versioned object tells of itself. */
export const VERSIONED = {
  version: 'Grows by one with each change of its own fields, from 1.',
  createdAt: 'When it was created.',
  updatedAt: 'When it was last changed.',
} as const;

export const Institution = builder.objectRef<InstitutionRow>('Institution').implement({
  description: 'A bank, fund or enterprise: the tenant that everything else belongs to.',
  interfaces: [Node],
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Its name; not necessarily unique.' }),
    regions: t.field({ type: [Region], description: 'Where it does business.', resolve: ({ regions }) => regions }),
    verticals: t.field({
      type: [Vertical],
      description: 'Its lines of business.',
      resolve: ({ verticals }) => verticals,
    }),
    version: t.exposeInt('version', { description: VERSIONED.version }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: VERSIONED.createdAt }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: VERSIONED.updatedAt }),
  }),
});
node('inst', 'Institution', (read, id) => read.institutions.byId(id));

const InstitutionConnection = connectionType(Institution);
const InstitutionFilter = builder.inputType('InstitutionFilter', {
  description: 'Which institutions. Members are and-ed, the values of a list or-ed; an empty list matches nothing.',
  fields: (t) => ({
    name: t.string({ description: 'Exactly this name.' }),
    nameStartsWith: t.string({ description: 'A name that begins with this text, by code point.' }),
    regions: t.field({ type: [Region], description: 'Does business in one of these.' }),
    verticals: t.field({ type: [Vertical], description: 'Has one of these.' }),
  }),
});

const order = orderByName<InstitutionRow>('Institution', 'institutions', 'NAME', 'name');

builder.queryFields((t) => ({
  institution: t.field({
    type: Institution,
    nullable: true,
    description: 'The institution with this id; null if it is unknown.',
    args: { id: t.arg.id({ required: true, description: 'Its id: inst_...' }) },
    resolve: (_root, { id }, { read }) => read.institutions.byId(id),
  }),
  institutions: t.field({
    type: InstitutionConnection,
    nullable: true,
    description: 'Institutions.',
    args: {
      filter: t.arg({ type: InstitutionFilter, description: 'Which of them; all if left out.' }),
      ...order.args,
      ...pageArgs,
    },
    resolve: (_root, { filter, orderBy, ...page }, { read }) => {
      const where = whereOf<InstitutionRow>({
        name: textMatching(filter?.name, filter?.nameStartsWith),
        regions: anyOf('regions', filter?.regions),
        verticals: anyOf('verticals', filter?.verticals),
      });
      return connect(read.institutions, 'Institution', { where }, order.orderOf(orderBy), page);
    },
  }),
}));

const CreateInstitutionInput = builder.inputType('CreateInstitutionInput', {
  description: 'A new institution.',
  fields: (t) => ({
    name: t.string({ required: true, description: '1 to 200 characters.' }),
    regions: t.field({ type: [Region], required: true, description: 'At least one.' }),
    verticals: t.field({ type: [Vertical], description: 'At least one; all of them if left out.' }),
    idempotencyKey: t.string({ description: IDEMPOTENCY_KEY }),
  }),
});

const UpdateInstitutionInput = builder.inputType('UpdateInstitutionInput', {
  description: 'Input for updateInstitution. A field that is left out stays as it is.',
  fields: (t) => ({
    institutionId: t.id({ description: 'The institution. Defaults to the institution of the API key.' }),
    name: t.string({ description: 'The name. 1 to 200 characters.' }),
    regions: t.field({
      type: [Region],
      description: 'All regions. At least one; a region that an asset template uses cannot be removed.',
    }),
    verticals: t.field({
      type: [Vertical],
      description: 'All lines of business. At least one; one that an asset template uses cannot be removed.',
    }),
    expectedVersion: t.int({ description: EXPECTED_VERSION }),
    idempotencyKey: t.string({ description: IDEMPOTENCY_KEY }),
  }),
});

const payload = (name: string, description: string) =>
  builder.objectRef<Replayable<InstitutionCreated>>(name).implement({
    description,
    fields: (t) => ({
      institution: t.expose('institution', { type: Institution, description: 'The institution.' }),
      replayed: t.exposeBoolean('replayed', { description: REPLAYED }),
    }),
  });
const CreateInstitutionPayload = payload('CreateInstitutionPayload', 'The institution was created.');
const UpdateInstitutionPayload = payload('UpdateInstitutionPayload', 'Result of a successful update.');

mutation(
  'createInstitution',
  'Creates an institution. For root alone.',
  CreateInstitutionInput,
  resultType(CreateInstitutionPayload, 'CreateInstitutionResult', [
    'VALIDATION_FAILED',
    'FORBIDDEN',
    'CAPACITY_EXCEEDED',
    'IDEMPOTENCY_CONFLICT',
  ]),
  createInstitution,
);
mutation(
  'updateInstitution',
  'Updates an institution. If no field differs, the object is returned as it is, and only the audit event is written.',
  UpdateInstitutionInput,
  resultType(UpdateInstitutionPayload, 'UpdateInstitutionResult', [...UPDATE_ERRORS, 'CONFLICT']),
  updateInstitution,
);
