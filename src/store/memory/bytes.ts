import { isLatin1 } from '../../domain/text.ts';

/** The memory that V8 needs on a 64-bit machine, in bytes, measured: headers, and the spare room of growing tables. */
const TEXT_BYTES = 20;
const NUMBER_BYTES = 16;
const OBJECT_BYTES = 56;
/** The slot in the object, and a share of the hidden class, which objects with many different keys do not share. */
const PROPERTY_BYTES = 32;
const ELEMENT_BYTES = 8;

/**
 * Estimates the memory of a text or a JSON value, in bytes. Parts that are shared with other values are counted again.
 */
export function bytesOf(value: unknown): number {
  if (typeof value === 'string') return bytesOfText(value);
  if (typeof value === 'number') return NUMBER_BYTES;
  if (typeof value !== 'object' || value === null) return 0;
  let bytes = OBJECT_BYTES;
  if (Array.isArray(value)) {
    for (const item of value as readonly unknown[]) bytes += ELEMENT_BYTES + bytesOf(item);
    return bytes;
  }
  for (const key in value) {
    bytes += PROPERTY_BYTES + bytesOfText(key) + bytesOf((value as { readonly [key: string]: unknown })[key]);
  }
  return bytes;
}

/** Estimates the memory of a text, in bytes: V8 keeps one byte per UTF-16 unit if all are Latin-1, else two. */
export const bytesOfText = (text: string): number => TEXT_BYTES + text.length * (isLatin1(text) ? 1 : 2);
