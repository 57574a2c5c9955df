import { StoreError } from '../store/errors.ts';

/** An internal error as it is logged. */
export interface SerializedError {
  /** The class of the thrown value. */
  readonly class: string;
  /** The reason of a database or system error: an SQLSTATE, or a name such as ECONNRESET. */
  readonly code?: string;
  /** The name of the constraint that a database error is about. */
  readonly constraint?: string;
  /** Only for errors that this program created: messages of others may contain hosts, users, tables and values. */
  readonly message?: string;
  /** The stack, innermost first: "function (file.ts:12)". */
  readonly frames: readonly string[];
  readonly cause?: SerializedError;
}

/** The maximum number of frames, and of nested causes. */
const FRAMES = 20;
const CAUSES = 5;

/**
 * Returns the loggable facts about anything thrown, so that the operator can find the place: without database details,
 * paths of the file system, or values.
 */
export function serializeError(thrown: unknown, causes = CAUSES): SerializedError {
  if (!(thrown instanceof Error)) return { class: typeof thrown, frames: [] };
  const lines = framesOf(thrown);
  const code = codeOf(thrown);
  return {
    class: thrown.constructor.name,
    ...(code !== undefined && { code }),
    ...constraintOf(thrown),
    ...(code === undefined && isOurs(lines) && { message: thrown.message }),
    frames: lines.slice(0, FRAMES).map(frameOf),
    ...(thrown.cause !== undefined && causes > 1 && { cause: serializeError(thrown.cause, causes - 1) }),
  };
}

/** Returns the frames of the stack: the lines after the message, which itself may have lines of any kind. */
function framesOf({ stack = '', message }: Error): readonly string[] {
  const end = stack.indexOf(message);
  const frames = end < 0 ? stack : stack.slice(end + message.length);
  return frames
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('at '));
}

/** SQLSTATEs, and the error codes of the system and of Node. */
const CODE = /^[A-Z\d_]{1,40}$/;

function codeOf(error: Error): string | undefined {
  // Its code is for clients and not the reason of a failure.
  if (error instanceof StoreError) return undefined;
  const code: unknown = (error as { readonly code?: unknown }).code;
  return typeof code === 'string' && CODE.test(code) ? code : undefined;
}

/** Names of constraints are the schema's, so they contain no values. */
const CONSTRAINT = /^\w{1,63}$/;

function constraintOf(error: Error): { readonly constraint?: string } {
  const { constraint } = error as { readonly constraint?: unknown };
  return typeof constraint === 'string' && CONSTRAINT.test(constraint) ? { constraint } : {};
}

/** Whether a file of this program threw the error, rather than a package or the language itself. */
const isOurs = ([innermost = '']: readonly string[]): boolean => {
  const { place } = partsOf(innermost);
  return /^(file:\/\/|\/|[A-Z]:\\)/.test(place) && !/[\\/]node_modules[\\/]/.test(place);
};

const frameOf = (line: string): string => {
  const { called, place } = partsOf(line);
  const [, file = place, at = ''] = /^(.*?)(:\d+)?(?::\d+)?$/.exec(place) ?? [];
  return `${called} (${file.replace(/^.*[\\/]/, '')}${at})`;
};

/** Splits a frame: "at function (place:line:column)", or "at place:line:column" if the function has no name. */
function partsOf(line: string): { readonly called: string; readonly place: string } {
  const [, called = '', place = ''] = /^at (?:(.*) \()?(.*?)\)?$/.exec(line) ?? [];
  // A name can also be a path if code is evaluated.
  return { called: /^[\w$.<>[\] #]+$/.test(called) ? called : 'anonymous', place };
}
