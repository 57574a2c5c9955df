import { isIP, SocketAddress } from 'node:net';

/** Stands for an address where there is none, as behind a socket in the file system. */
const NOBODY = '0.0.0.0';
/** The longest text that may be an address with a port and space around it; longer ones are not looked at. */
const LONGEST_CHARACTERS = 100;

/**
 * Whose request it is: the socket's address; behind so many trusted proxies what the outermost of them has noted in
 * X-Forwarded-For. Whatever stands left of that is the client's own saying and never looked at, nor is the header at
 * all where no proxy is trusted. An entry that is no address ends the trust: what stands right of it is taken.
 */
export function clientAddress(
  socketAddress: string | undefined,
  forwardedFor: string | undefined,
  trustedProxies: number,
): string {
  const header = trustedProxies > 0 ? (forwardedFor ?? '') : '';
  let address = canonical(socketAddress ?? '') ?? NOBODY;
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
 * What an address is counted by: IPv4 whole; of IPv6 the first 64 bits, for whoever has one such address has them all.
 * However the address is spelled, the answer is the same.
 */
export function networkOf(address: string): string {
  const whole = canonical(address) ?? NOBODY;
  if (!whole.includes(':')) return whole;
  const [left = [], right = []] = whole.split('::').map((side) => side.split(':').filter((group) => group !== ''));
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0');
  const network = [...left, ...zeros, ...right].slice(0, 4).join(':');
  return `${canonical(`${network}::`)}/64`;
}

/** An entry of the header without its port, brackets and space; undefined if that is no address. */
function addressIn(entry: string): string | undefined {
  if (entry.length > LONGEST_CHARACTERS) return undefined;
  const text = entry.trim();
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(text);
  if (bracketed) return isIP(bracketed[1] ?? '') === 6 ? canonical(bracketed[1] ?? '') : undefined;
  return canonical(/^([\d.]+):\d+$/.exec(text)?.[1] ?? text);
}

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/;

/** The one spelling of an address, IPv4 within IPv6 as IPv4, without the zone; undefined if it is none. */
function canonical(text: string): string | undefined {
  const family = text.length > LONGEST_CHARACTERS ? 0 : isIP(text);
  if (family !== 6) return family === 4 ? text : undefined;
  const [address = ''] = text.split('%');
  const spelled = new SocketAddress({ address, family: 'ipv6' }).address;
  return MAPPED.exec(spelled)?.[1] ?? spelled;
}
