import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** The only addresses of IPv6 that are routed on the public Internet. Some ranges within it are reserved, too. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * Whether the IP address is on the public Internet. Private, loopback, link-local, shared, reserved, documentation and
 * multicast addresses are not, and neither are IPv6 addresses that contain an IPv4 address to which a gateway could
 * translate (NAT64, 6to4, Teredo); an IPv4-mapped address is treated as that IPv4 address. Any other text is not one.
 */
export function isPublicAddress(address: string): boolean {
  // A zone (`%eth0`) is a network interface of this computer.
  if (isIP(address) === 0 || address.includes('%')) return false;
  const parsed = ipaddr.process(withoutDottedPart(address));
  if (parsed.range() !== 'unicast') return false;
  return parsed instanceof ipaddr.IPv4 || parsed.match(GLOBAL_UNICAST);
}

/**
 * Writes an IPv6 address in hexadecimal only. The package reads `::8.8.8.8`, which is an IPv6 address of its own, as
 * `::ffff:8.8.8.8`.
 */
const withoutDottedPart = (address: string): string =>
  isIP(address) === 6 ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;

/** Returns the IP address that the host name of a parsed URL is, or undefined if it must be resolved. */
export function literalAddressOf(hostname: string): string | undefined {
  const address = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  return isIP(address) === 0 ? undefined : address;
}
