import type { FieldRef } from '@pothos/core';
import { createInstitution, updateInstitution } from '../commands/institution.ts';
import type { Id } from '../domain/ids.ts';
import type { Institution as InstitutionRow } from '../domain/institution.ts';
import { EVERYONE } from '../domain/rights.ts';
import { builder, type ObjectFields, type Types } from './builder.ts';
import { reference, versionedFields } from './entityFields.ts';
import { anyOf, equals, startsWith } from './filter.ts';
import { BY_TIME, byText, listable } from './list.ts';
import { EXPECTED_VERSION, mutation, PATCH, UNCHANGED } from './mutation.ts';
import { Node } from './node.ts';

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
      extensions: { reads: ['regions'] },
      resolve: ({ regions }) => regions,
    }),
    verticals: t.field({
      type: [Vertical],
      description: 'The lines of business of the institution.',
      extensions: { reads: ['verticals'] },
      resolve: ({ verticals }) => verticals,
    }),
    ...versionedFields(t),
  }),
});

listable(Institution, {
  prefix: 'inst',
  table: 'institutions',
  roles: EVERYONE,
  one: {},
  all: { description: 'institutions that the viewer may see: all with the root key, only its own with an API key' },
  filter: {
    name: equals('name', 'String', 'Only institutions with exactly this name.'),
    nameStartsWith: startsWith('name', 'Only institutions whose name starts with this text'),
    regions: anyOf('regions', Region, 'Only institutions that do business in one of these regions.'),
    verticals: anyOf('verticals', Vertical, 'Only institutions with one of these lines of business.'),
  },
  orders: { ...BY_TIME, NAME: byText('name') },
});

/** Adds the field with the institution that owns an object. */
export const ownerField = (t: ObjectFields<{ readonly institutionId: Id }>, noun: string): FieldRef<Types> =>
  reference(t, Institution, 'institutionId', `The institution that owns the ${noun}.`);

mutation(createInstitution, 'Creates an institution. Requires the root key.', {
  input: (t) => ({
    name: t.string({ required: true, description: 'The name. 1 to 200 characters.' }),
    regions: t.field({ type: [Region], required: true, description: 'The regions. At least one.' }),
    verticals: t.field({ type: [Vertical], description: 'The lines of business. At least one. Defaults to all.' }),
  }),
  payload: (t) => ({ institution: t.expose('institution', { type: Institution, description: 'The institution.' }) }),
});

mutation(updateInstitution, `Updates an institution. ${UNCHANGED}`, {
  inputNote: PATCH,
  input: (t) => ({
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
  }),
  payload: (t) => ({ institution: t.expose('institution', { type: Institution, description: 'The institution.' }) }),
});
