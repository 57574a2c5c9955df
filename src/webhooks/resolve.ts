import { Resolver, lookup as systemLookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { PostError } from './postError.ts';

/** Returns all IP addresses of a host name; none or an error if it has none. */
export type Resolve = (hostname: string, signal: AbortSignal) => Promise<readonly string[]>;

/** The time that a DNS server has for a response. The second try has a little more. */
const DNS_TIMEOUT_MS = 3000;
const DNS_TRIES = 2;
/** The maximum number of addresses of one host that are dialled. */
const MAX_ADDRESSES = 16;

/**
 * Resolves a public host name by DNS. It does not use the system's resolver (getaddrinfo), which occupies a thread of
 * the process until the DNS server of the receiver has answered: a few slow ones would block every other look-up,
 * including those for the database.
 */
export async function resolveByDns(
  hostname: string,
  signal: AbortSignal,
  servers?: readonly string[],
): Promise<readonly string[]> {
  // A new resolver reads the current configuration of the system, and can be cancelled by itself.
  const resolver = new Resolver({ timeout: DNS_TIMEOUT_MS, tries: DNS_TRIES });
  if (servers) resolver.setServers(servers);
  const cancel = (): void => resolver.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    const results = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)]);
    return results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

/** Resolves a host name as other programs of the computer do: also by its hosts file, as development needs. */
export const resolveBySystem: Resolve = async (hostname) =>
  (await systemLookup(hostname, { all: true })).map(({ address }) => address);

/**
 * Returns the look-up function of a socket. It passes on the addresses that it checked, so that no second resolution can
 * yield other ones. If any address of the host is not allowed, none is.
 */
export const checkedLookup =
  (resolve: Resolve, isAllowedAddress: (address: string) => boolean, signal: AbortSignal): LookupFunction =>
  (hostname, options, callback) => {
    const respond = async (): Promise<void> => {
      const addresses = await resolve(hostname, signal).catch(() => []);
      const [first] = addresses;
      if (first === undefined) callback(new PostError('DNS'), []);
      else if (!addresses.every(isAllowedAddress)) callback(new PostError('ADDRESS_NOT_ALLOWED'), []);
      else if (options.all === true) callback(null, addresses.slice(0, MAX_ADDRESSES).map(withFamily));
      else callback(null, first, isIP(first));
    };
    void respond();
  };

const withFamily = (address: string): { readonly address: string; readonly family: number } => ({
  address,
  family: isIP(address),
});
