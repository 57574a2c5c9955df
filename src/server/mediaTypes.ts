export const EVENT_STREAM_TYPE = 'text/event-stream';
/** The media types of a single result, in order of preference if a client accepts both equally. */
const RESULT_TYPES = ['application/json', 'application/graphql-response+json'] as const;
export type ResultType = (typeof RESULT_TYPES)[number];

interface MediaRange {
  readonly type: string;
  /** The weight from 0 (not acceptable) to 1. */
  readonly weight: number;
}

/** The maximum number of entries of an Accept header that are parsed; no client sends as many. */
const MAX_RANGES = 50;

/** Returns the media type for a single result, or undefined if the client accepts none; see `chooseMediaType`. */
export function resultTypeFor(accept: string | null): ResultType | undefined {
  if (accept !== lastChoice.accept) lastChoice = { accept, type: chooseMediaType(accept, RESULT_TYPES) };
  return lastChoice.type;
}

/** The last choice, because most clients send the same header. */
let lastChoice: { readonly accept: string | null; readonly type: ResultType | undefined } = {
  accept: 'application/json',
  type: 'application/json',
};

/** Returns whether the client accepts a stream of server-sent events. */
export const acceptsEvents = (accept: string | null): boolean =>
  chooseMediaType(accept, [EVENT_STREAM_TYPE]) !== undefined;

/**
 * Returns the best of the offered media types for an Accept header, or undefined if it accepts none of them. The most
 * specific range decides about a type (RFC 9110, 12.5.1); equal weights are decided by the client's order, then by that
 * of the offers. Without the header everything is acceptable.
 */
export function chooseMediaType<T extends string>(accept: string | null, offers: readonly T[]): T | undefined {
  const ranges = parseAccept(accept?.trim() || '*/*');
  let best: { readonly offer: T; readonly weight: number; readonly position: number } | undefined;
  for (const offer of offers) {
    const position = positionOfRange(offer, ranges);
    const weight = ranges[position]?.weight ?? 0;
    if (weight === 0) continue;
    if (!best || weight > best.weight || (weight === best.weight && position < best.position)) {
      best = { offer, weight, position };
    }
  }
  return best?.offer;
}

/** Returns the index of the most specific range that matches the type, or -1 if none does. */
function positionOfRange(type: string, ranges: readonly MediaRange[]): number {
  const [main] = type.split('/');
  for (const range of [type, `${main}/*`, '*/*']) {
    const position = ranges.findIndex((each) => each.type === range);
    if (position >= 0) return position;
  }
  return -1;
}

function parseAccept(accept: string): readonly MediaRange[] {
  return accept
    .toLowerCase()
    .split(',', MAX_RANGES)
    .flatMap((entry) => {
      const [type = '', ...parameters] = entry.split(';').map((part) => part.trim());
      const valueOf = (name: string): string | undefined =>
        parameters.find((each) => each.startsWith(`${name}=`))?.slice(name.length + 1);
      const charset = valueOf('charset')?.replaceAll('"', '') ?? 'utf-8';
      // Responses are always UTF-8; a weight that is not a number counts as the default.
      if (type === '' || !/^utf-?8$/.test(charset)) return [];
      const weight = Number(valueOf('q') ?? 1);
      return [{ type, weight: weight >= 0 && weight <= 1 ? weight : 1 }];
    });
}
