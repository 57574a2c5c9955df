import { createInstitution, updateInstitution } from '../commands/institution.ts';
import type { Institution as InstitutionRow } from '../domain/institution.ts';
import { builder } from './builder.ts';
import { connect, connectionType, pageArgs } from './connection.ts';
import { anyOf, describeFilter, textMatching, whereOf } from './filter.ts';
import {
  EXPECTED_VERSION,
  IDEMPOTENCY_KEY,
  mutation,
  payloadType,
  resultType,
  UNCHANGED,
  UPDATE_ERRORS,
} from './mutation.ts';
import { Node, node } from './node.ts';
import { orderByName } from './order.ts';

export const Region = builder.enumType('Region', {
  description: 'A region in which an institution does business.',
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

/** The descriptions of the fields that every versioned object has. */
export const VERSIONED = {
  version:
    'The version of the object: 1 when it is created, increased by 1 with each committed change of its own fields.',
  createdAt: 'When the object was created.',
  updatedAt: 'When the object was last changed.',
} as const;

/** The description of the argument that names the owner of a new or named object. */
export const INSTITUTION_ID =
  'The institution. Required with the root key. Defaults to the institution of the API key.';

export const Institution = builder.objectRef<InstitutionRow>('Institution').implement({
  description: 'A bank, fund or enterprise: the tenant that owns all other objects.',
  interfaces: [Node],
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name. Not necessarily unique.' }),
    regions: t.field({
      type: [Region],
      description: 'The regions in which the institution does business.',
      resolve: ({ regions }) => regions,
    }),
    verticals: t.field({
      type: [Vertical],
      description: 'The lines of business of the institution.',
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
  description: describeFilter('institutions'),
  fields: (t) => ({
    name: t.string({ description: 'Only institutions with exactly this name.' }),
    nameStartsWith: t.string({
      description: 'Only institutions whose name starts with this text, compared by code point (case-sensitive).',
    }),
    regions: t.field({ type: [Region], description: 'Only institutions that do business in one of these regions.' }),
    verticals: t.field({ type: [Vertical], description: 'Only institutions with one of these lines of business.' }),
  }),
});

const order = orderByName<InstitutionRow>('Institution', 'institutions', 'NAME', 'name');

builder.queryFields((t) => ({
  institution: t.field({
    type: Institution,
    nullable: true,
    description: 'Returns the institution with this id, or null if it does not exist or is not visible to the viewer.',
    args: { id: t.arg.id({ required: true, description: 'The id of the institution: inst_...' }) },
    resolve: (_root, { id }, { read }) => read.institutions.byId(id),
  }),
  institutions: t.field({
    type: InstitutionConnection,
    nullable: true,
    description:
      'Returns the institutions that the viewer may see: all with the root key, only its own with an API key.',
    args: {
      filter: t.arg({ type: InstitutionFilter, description: 'Filters the institutions. Defaults to all.' }),
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
  description: 'Input for createInstitution.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'The name. 1 to 200 characters.' }),
    regions: t.field({ type: [Region], required: true, description: 'The regions. At least one.' }),
    verticals: t.field({ type: [Vertical], description: 'The lines of business. At least one. Defaults to all.' }),
    idempotencyKey: t.string({ description: IDEMPOTENCY_KEY }),
  }),
});

const UpdateInstitutionInput = builder.inputType('UpdateInstitutionInput', {
  description: 'Input for updateInstitution. A field that is left out stays as it is.',
  fields: (t) => ({
    institutionId: t.id({ description: INSTITUTION_ID }),
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

const CreateInstitutionPayload = payloadType('createInstitution', 'institution', Institution, 'The institution.');
const UpdateInstitutionPayload = payloadType('updateInstitution', 'institution', Institution, 'The institution.');

mutation(
  'createInstitution',
  'Creates an institution. Requires the root key.',
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
  `Updates an institution. ${UNCHANGED}`,
  UpdateInstitutionInput,
  resultType(UpdateInstitutionPayload, 'UpdateInstitutionResult', [...UPDATE_ERRORS, 'CONFLICT']),
  updateInstitution,
);
