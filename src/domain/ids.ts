import { createHash } from 'node:crypto';
import { base32 } from './base32.ts';
import type { IdPrefix } from './names.ts';

export type { IdPrefix } from './names.ts';

/** A TypeID: a prefix that names the type, "_", and a UUIDv7 in 26 characters of base32. */
export type Id = string;

/** Makes a new id of the type. Injected, so that tests control it. */
export type NewId = (prefix: IdPrefix) => Id;

const ID = /^([a-z]+)_[0-7][0-9abcdefghjkmnpqrstvwxyz]{25}$/;

/** Returns the prefix of a well-formed id, or undefined for any other text. */
export const prefixOf = (id: string): string | undefined => (id.length <= 40 ? ID.exec(id)?.[1] : undefined);

/** Whether the text has the form of an id. */
export const isWellFormedId = (id: string): boolean => prefixOf(id) !== undefined;

/** Whether the text could be the id of any row, including internal ids that are derived from another id. */
export const couldBeId = (text: string): boolean => /^[0-9a-z_]{1,60}$/.test(text);

/** Whether the text is a well-formed id of the type with this prefix. */
export const isId = (prefix: IdPrefix, id: string): boolean => prefixOf(id) === prefix;

/** Writes the 16 bytes of a UUID as a TypeID: 130 bits in groups of five, the first two of them zero. */
export const typeId = (prefix: IdPrefix, bytes: Readonly<Uint8Array>): Id => `${prefix}_${base32(bytes, 2)}`;

/** Returns an id derived from the text, so that each text has only one id: the first 128 bits of its SHA-256. */
export const typeIdOfText = (prefix: IdPrefix, text: string): Id =>
  typeId(prefix, createHash('sha256').update(text).digest().subarray(0, 16));
