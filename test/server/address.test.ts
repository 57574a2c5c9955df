import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clientAddress, networkOf } from '../../src/server/access/address.ts';
import { COUNTS } from '../counts.ts';
import { checked } from '../support/random.ts';

const SOCKET = '10.0.0.1';

describe('clientAddress', () => {
  it.each<readonly [string, string | undefined, string | undefined, number, string]>([
    ['no proxy and no header', SOCKET, undefined, 0, SOCKET],
    ['predecessor mistake 10: no proxy is trusted, and a header is ignored', SOCKET, '203.0.113.9', 0, SOCKET],
    ['one proxy', SOCKET, '203.0.113.9', 1, '203.0.113.9'],
    ['one proxy that added no address', SOCKET, undefined, 1, SOCKET],
    ['one proxy and an empty header', SOCKET, '', 1, SOCKET],
    [
      'predecessor mistake 10: a client that names another address before that of the proxy',
      SOCKET,
      '127.0.0.1, 203.0.113.9',
      1,
      '203.0.113.9',
    ],
    ['two proxies', SOCKET, '203.0.113.9, 10.0.0.2', 2, '203.0.113.9'],
    [
      'two proxies, and addresses that the client made up',
      SOCKET,
      '::1,127.0.0.1 , 203.0.113.9,10.0.0.2',
      2,
      '203.0.113.9',
    ],
    ['two proxies, one of which was bypassed', SOCKET, '203.0.113.9', 2, '203.0.113.9'],
    ['more trusted proxies than addresses', SOCKET, '203.0.113.9, 10.0.0.2', 1_000_000_000, '203.0.113.9'],
    ['an address with a port', SOCKET, '203.0.113.9:4711', 1, '203.0.113.9'],
    ['an address in brackets', SOCKET, '[2001:DB8::0:1]', 1, '2001:db8::1'],
    ['an address in brackets with a port', SOCKET, '[2001:db8::1]:443', 1, '2001:db8::1'],
    ['IPv6 without brackets has no port', SOCKET, '2001:db8::1:443', 1, '2001:db8::1:443'],
    ['IPv4 within IPv6', SOCKET, '::ffff:203.0.113.9', 1, '203.0.113.9'],
    ['IPv4 within IPv6, in hexadecimal', SOCKET, '0:0:0:0:0:FFFF:cb00:7109', 1, '203.0.113.9'],
    ['IPv4 within IPv6, in brackets', SOCKET, '[::ffff:203.0.113.9]:1', 1, '203.0.113.9'],
    ['an IPv4 address of the socket within IPv6', '::ffff:203.0.113.9', undefined, 0, '203.0.113.9'],
    ['a zone in the address of the socket', 'fe80::1%eth0', undefined, 0, 'fe80::1'],
    ['no address of the socket', undefined, undefined, 0, '0.0.0.0'],
    ['no address of the socket, but one of a proxy', undefined, '203.0.113.9', 1, '203.0.113.9'],
    ['a host name', SOCKET, 'localhost', 1, SOCKET],
    ['the word “unknown”, as some proxies write', SOCKET, 'unknown', 1, SOCKET],
    ['an invalid entry among the trusted ones', SOCKET, '203.0.113.9, unknown, 10.0.0.2', 3, '10.0.0.2'],
    ['an empty entry', SOCKET, '203.0.113.9,, 10.0.0.2', 3, '10.0.0.2'],
    ['a comma at the end', SOCKET, '203.0.113.9,', 1, SOCKET],
    ['a comma at the beginning', SOCKET, ',203.0.113.9', 2, '203.0.113.9'],
    ['an address with leading zeros', SOCKET, '010.0.0.1', 1, SOCKET],
    ['an address as one integer', SOCKET, '2130706433', 1, SOCKET],
    ['too many parts', SOCKET, '1.2.3.4.5', 1, SOCKET],
    ['IPv4 in brackets', SOCKET, '[203.0.113.9]', 1, SOCKET],
    ['an unclosed bracket', SOCKET, '[2001:db8::1', 1, SOCKET],
    ['text after the brackets', SOCKET, '[2001:db8::1].evil.example', 1, SOCKET],
    ['a network', SOCKET, '203.0.113.0/24', 1, SOCKET],
    ['an address in quotes', SOCKET, '"203.0.113.9"', 1, SOCKET],
    ['two addresses in one entry', SOCKET, '203.0.113.9 198.51.100.1', 1, SOCKET],
    ['an address with NUL', SOCKET, '203.0.113.9\0', 1, SOCKET],
    ['a very long zone', SOCKET, `fe80::1%${'a'.repeat(1_000)}`, 1, SOCKET],
    ['a very long white space', SOCKET, `${' '.repeat(1_000)}203.0.113.9`, 1, SOCKET],
  ])('the client address is determined with %s', (_what, socket, header, proxies, address) => {
    expect(clientAddress(socket, header, proxies)).toBe(address);
  });

  it.each<readonly [string, string, number, string]>([
    ['commas', ','.repeat(1_000_000), 1_000_000, SOCKET],
    ['one entry', '1'.repeat(1_000_000), 1, SOCKET],
    ['colons', ':'.repeat(1_000_000), 1, SOCKET],
    ['space', ' '.repeat(1_000_000), 1, SOCKET],
    ['brackets', '['.repeat(1_000_000), 1, SOCKET],
    ['addresses before the proxy’s', '127.0.0.1,'.repeat(100_000) + '203.0.113.9', 1, '203.0.113.9'],
  ])('a megabyte of %s is read from the right, and only as far as necessary', (_what, header, proxies, address) => {
    // A hundred of them would take seconds if each were split completely.
    for (let times = 0; times < 100; times += 1) expect(clientAddress(SOCKET, header, proxies)).toBe(address);
  });

  it('text that a client adds before the trusted entries changes nothing', async () => {
    const trusted = fc.array(fc.oneof(fc.ipV4(), fc.ipV6()), { minLength: 1, maxLength: 4 });
    await checked(
      COUNTS.textCases,
      fc.property(fc.string({ unit: 'binary' }), trusted, (said, noted) => {
        const header = noted.join(', ');
        expect(clientAddress(SOCKET, `${said},${header}`, noted.length)).toBe(
          clientAddress(SOCKET, header, noted.length),
        );
      }),
    );
  });
});

describe('networkOf', () => {
  it.each<readonly [string, string]>([
    ['203.0.113.9', '203.0.113.9'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['::ffff:cb00:7109', '203.0.113.9'],
    ['2001:db8::1', '2001:db8::/64'],
    ['2001:DB8:0:0:ffff:ffff:ffff:ffff', '2001:db8::/64'],
    ['2001:0db8:0000:0000:0000:0000:0000:0002', '2001:db8::/64'],
    ['2001:db8:0:1::', '2001:db8:0:1::/64'],
    ['2001:db8:0:1:2:3:4:5', '2001:db8:0:1::/64'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4::/64'],
    ['1:2:3:4:5:6:7::', '1:2:3:4::/64'],
    ['::2:3:4:5:6:7:8', '0:2:3:4::/64'],
    ['1:0:0:4:0:0:0:8', '1:0:0:4::/64'],
    ['64:ff9b::203.0.113.9', '64:ff9b::/64'],
    ['::203.0.113.9', '::/64'],
    ['::1', '::/64'],
    ['::', '::/64'],
    ['fe80::1%eth0', 'fe80::/64'],
    ['no address', '0.0.0.0'],
  ])('the address %s is counted as %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });

  it('all spellings of an address belong to the same network', async () => {
    await checked(
      COUNTS.textCases,
      fc.property(fc.array(fc.nat(0xffff), { minLength: 8, maxLength: 8 }), (groups) => {
        const long = groups.map((group) => group.toString(16).padStart(4, '0').toUpperCase()).join(':');
        const short = groups.map((group) => group.toString(16)).join(':');
        const network = networkOf(long);
        expect(networkOf(short)).toBe(network);
        expect(networkOf(clientAddress(long, undefined, 0))).toBe(network);
        expect(networkOf(network.replace('/64', '1'))).toBe(network);
      }),
    );
  });
});
