import type { Point } from '../live/hub.ts';
import { badInput } from './errors.ts';

/** The most characters that a cursor of ours has. */
const CURSOR_CHARACTERS = 40;

/** The place of a change, as an opaque text. */
export const changeCursorOf = ({ log, place }: Point): string => Buffer.from(`${log}.${place}`).toString('base64url');

/** Reads a cursor of a change, of this log or another; refuses any other text. */
export function pointOf(after: string): Point {
  const text = after.length > CURSOR_CHARACTERS ? '' : Buffer.from(after, 'base64url').toString();
  const [, log, digits] = /^([\da-f]{12})\.(\d{1,15})$/.exec(text) ?? [];
  const point = { log: log ?? '', place: Number(digits) };
  // What is only read the same was never given out.
  if (digits === undefined || changeCursorOf(point) !== after) throw notACursor();
  return point;
}

export const notACursor = (): Error => badInput('after is not a cursor of a change.');
