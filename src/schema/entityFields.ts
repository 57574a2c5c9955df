import type { FieldRef } from '@pothos/core';
import type { Id } from '../domain/ids.ts';
import type { JsonObject } from '../domain/json.ts';
import type { Instant } from '../domain/time.ts';
import type { ObjectFields, Types } from './builder.ts';
import { type EntityRef, loaderOf, nodeOptionsOf } from './node.ts';

/** The fields of an entity that contain an id, or null. */
type IdField<E> = { readonly [F in keyof E]: E[F] extends Id | null ? F : never }[keyof E];

/**
 * Adds a field with the object of another type whose id an entity has, or null. Viewers who may see that type may use
 * it.
 */
export const reference = <E extends { readonly [F in K]: Id | null }, K extends IdField<E>>(
  t: ObjectFields<E>,
  type: EntityRef,
  idField: K,
  description: string,
): FieldRef<Types> =>
  t.field({
    type,
    nullable: true,
    description,
    extensions: {
      roles: nodeOptionsOf(type).roles,
      parent: { type: type.name, table: nodeOptionsOf(type).table, field: String(idField) },
      reads: [String(idField)],
    },
    resolve: (entity, _args, { read }) => {
      const id: Id | null = entity[idField];
      return id === null ? null : loaderOf(read, type).byId(id);
    },
  });

interface Versioned {
  readonly version: number;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
}

const CREATED_AT = 'When the object was created.';

/** The description of `version` in every type. */
export const VERSION =
  'The version of the object: 1 when it is created, increased by 1 with each committed change of its own fields.';

/** The fields of every object that clients can change. */
export const versionedFields = (t: ObjectFields<Versioned>): Record<keyof Versioned, FieldRef<Types>> => ({
  version: t.exposeInt('version', { description: VERSION }),
  ...createdAtField(t),
  updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When the object was last changed.' }),
});

export const createdAtField = (
  t: ObjectFields<Pick<Versioned, 'createdAt'>>,
  description = CREATED_AT,
): Record<'createdAt', FieldRef<Types>> => ({
  createdAt: t.expose('createdAt', { type: 'DateTime', description }),
});

export const metadataField = (t: ObjectFields<{ readonly metadata: JsonObject }>): FieldRef<Types> =>
  t.expose('metadata', { type: 'JSONObject', description: 'Data of the client, returned as it was sent.' });
