import { isIP, SocketAddress } from 'node:net';

/** The address of a socket without one, such as a Unix domain socket. */
const UNKNOWN_ADDRESS = '0.0.0.0';
/** The maximum length of an address with port and white space, in characters; longer entries are not parsed. */
const MAX_CHARACTERS = 100;

/**
 * Returns the client's address: that of the socket or, with trusted proxies, the one that the outermost of them has
 * added to X-Forwarded-For. Entries left of that are supplied by the client and ignored, as is the whole header without
 * trusted proxies. An invalid entry ends the trust, and the entry right of it is used.
 */
export function clientAddress(
  socketAddress: string | undefined,
  forwardedFor: string | undefined,
  trustedProxies: number,
): string {
  const header = trustedProxies > 0 ? (forwardedFor ?? '') : '';
  let address = canonical(socketAddress ?? '') ?? UNKNOWN_ADDRESS;
  for (let hops = 0, end = header.length; hops < trustedProxies && end > 0; hops += 1) {
    const comma = header.lastIndexOf(',', end - 1);
    const entry = addressIn(header.slice(comma + 1, end));
    if (entry === undefined) break;
    address = entry;
    end = comma;
  }
  return address;
}

/**
 * Returns the network by which an address is counted: the whole IPv4 address, or the first 64 bits of an IPv6 address,
 * because a client with one such address has all of that network. The spelling of the address does not matter.
 */
export function networkOf(address: string): string {
  const whole = canonical(address) ?? UNKNOWN_ADDRESS;
  if (!whole.includes(':')) return whole;
  const [left = [], right = []] = whole.split('::').map((side) => side.split(':').filter((group) => group !== ''));
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0');
  const network = [...left, ...zeros, ...right].slice(0, 4).join(':');
  return `${canonical(`${network}::`)}/64`;
}

/** Returns the address in an entry of the header without port, brackets and white space; undefined if it is invalid. */
function addressIn(entry: string): string | undefined {
  if (entry.length > MAX_CHARACTERS) return undefined;
  const text = entry.trim();
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(text);
  if (bracketed) return isIP(bracketed[1] ?? '') === 6 ? canonical(bracketed[1] ?? '') : undefined;
  return canonical(/^([\d.]+):\d+$/.exec(text)?.[1] ?? text);
}

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/;

/**
 * Returns the canonical spelling of an address, without a zone, with an IPv4-mapped one as IPv4; undefined if invalid.
 */
function canonical(text: string): string | undefined {
  const family = text.length > MAX_CHARACTERS ? 0 : isIP(text);
  if (family !== 6) return family === 4 ? text : undefined;
  const [address = ''] = text.split('%');
  const spelled = new SocketAddress({ address, family: 'ipv6' }).address;
  return MAPPED.exec(spelled)?.[1] ?? spelled;
}
