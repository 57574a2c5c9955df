/** What the log tells of a fault. */
export interface FaultFacts {
  /** The class of what was thrown. */
  readonly class: string;
  /** Why a database or the system refused: an SQLSTATE, or a name such as ECONNRESET. */
  readonly code?: string;
  /** Only of errors that this program made itself: others' messages name hosts, users, tables and values. */
  readonly message?: string;
  /** Where it was thrown, innermost first: "function (file.ts:12)". */
  readonly frames: readonly string[];
  readonly cause?: FaultFacts;
}

/** The most frames that are told, and the most causes behind one another. */
const FRAMES = 20;
const CAUSES = 5;

/**
 * What may be logged of whatever was thrown, for the operator to find the place: nothing of the database, of the file
 * system's paths, or of values.
 */
export function faultFacts(thrown: unknown, causes = CAUSES): FaultFacts {
  if (!(thrown instanceof Error)) return { class: typeof thrown, frames: [] };
  const lines = framesOf(thrown);
  const code = codeOf(thrown);
  return {
    class: thrown.constructor.name,
    ...(code !== undefined && { code }),
    ...(code === undefined && isOurs(lines) && { message: thrown.message }),
    frames: lines.slice(0, FRAMES).map(frameOf),
    ...(thrown.cause !== undefined && causes > 1 && { cause: faultFacts(thrown.cause, causes - 1) }),
  };
}

/** The lines of the stack that are frames: behind the message, which may have lines of any kind. */
function framesOf({ stack = '', message }: Error): readonly string[] {
  const end = stack.indexOf(message);
  const frames = end < 0 ? stack : stack.slice(end + message.length);
  return frames
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('at '));
}

/** SQLSTATEs, and the names of the system and of Node. */
const CODE = /^[A-Z\d_]{1,40}$/;

function codeOf(error: Error): string | undefined {
  const code: unknown = (error as { readonly code?: unknown }).code;
  return typeof code === 'string' && CODE.test(code) ? code : undefined;
}

/** Whether it was thrown by a file of this program: not by a package, nor by the language itself. */
const isOurs = ([innermost = '']: readonly string[]): boolean => {
  const { place } = partsOf(innermost);
  return /^(file:\/\/|\/|[A-Z]:\\)/.test(place) && !/[\\/]node_modules[\\/]/.test(place);
};

const frameOf = (line: string): string => {
  const { called, place } = partsOf(line);
  const [, file = place, at = ''] = /^(.*?)(:\d+)?(?::\d+)?$/.exec(place) ?? [];
  return `${called} (${file.replace(/^.*[\\/]/, '')}${at})`;
};

/** A frame is "at function (place:line:column)", or "at place:line:column" where the function has no name. */
function partsOf(line: string): { readonly called: string; readonly place: string } {
  const [, called = '', place = ''] = /^at (?:(.*) \()?(.*?)\)?$/.exec(line) ?? [];
  // A name can be a path too, where code is evaluated.
  return { called: /^[\w$.<>[\] #]+$/.test(called) ? called : 'anonymous', place };
}
