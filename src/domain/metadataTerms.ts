import { createHash } from 'node:crypto';
import type { JsonObject, JsonValue } from './json.ts';
import { LIMITS } from './limits.ts';

/** One value at one path of a metadata object, as 32 hexadecimal digits: equal for equal paths and values. */
export type MetadataTerm = string;

/** Separates path and value. No key that can be stored contains it. */
const SEPARATOR = '\u0001';

/** Returns the term of a value. A string is used as it is, a number or a boolean as JSON writes it. */
export const metadataTerm = (path: string, value: string): MetadataTerm =>
  createHash('sha256').update(path).update(SEPARATOR).update(value).digest().toString('hex', 0, 16);

/**
 * Returns the terms by which an object with this metadata is found, without duplicates. A path is the keys joined by
 * dots; the items of a list are at the path of the list. Null has no term. The migration that introduced terms computes
 * the same in SQL.
 */
export const metadataTerms = (metadata: JsonObject): readonly MetadataTerm[] => [
  ...new Set(valuesOf(metadata).map(([path, value]) => metadataTerm(path, value))),
];

/** Returns the maximum number of terms of an object with this metadata. Cheaper than computing them. */
export const maxMetadataTerms = (metadata: JsonObject): number => valuesOf(metadata).length;

type PathAndValue = readonly [path: string, value: string];

function valuesOf(metadata: JsonObject): readonly PathAndValue[] {
  const values: PathAndValue[] = [];
  collectValues(metadata, null, values);
  return values;
}

function collectValues(value: JsonValue, path: string | null, values: PathAndValue[]): void {
  if (value === null || values.length >= LIMITS.metadataTerms) return;
  if (typeof value !== 'object') {
    values.push([path ?? '', typeof value === 'string' ? value : JSON.stringify(value)]);
  } else if (Array.isArray(value)) {
    for (const item of value as readonly JsonValue[]) collectValues(item, path, values);
  } else {
    for (const [key, member] of Object.entries(value)) {
      collectValues(member, path === null ? key : `${path}.${key}`, values);
    }
  }
}
