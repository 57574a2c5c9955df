import { expect, it } from 'vitest';
import { MAX_WEBHOOK_URL_CHARACTERS, webhookUrlIssue } from '../../src/domain/webhookUrl.ts';
import { isPublicAddress } from '../../src/webhooks/addresses.ts';

const issueOf = (url: string, allowPrivate = false): string | undefined =>
  webhookUrlIssue(url, { allowPrivate, isPublicAddress });

const ABSOLUTE = 'must be an absolute URL such as "https://example.com/webhooks".';
const PUBLIC = 'must have the name or address of a public host.';
const VALID_HOST = 'must have a valid host name, without a dot at its end.';
const longUrl = (characters: number): string => 'https://example.com/'.padEnd(characters, 'a');

it.each([
  'https://example.com',
  'https://example.com/',
  'https://example.com/webhooks?institution=7&token=a%20b',
  'HTTPS://Example.COM:8443/Hooks',
  'https://hooks.bücher.example/ä',
  'https://xn--bcher-kva.example',
  'https://a_b.example.com',
  'https://my-local.example.com',
  'https://local.example',
  'https://8.8.8.8/hooks',
  'https://[2001:4860:4860::8888]:8443/',
  longUrl(MAX_WEBHOOK_URL_CHARACTERS),
])('the URL %s is valid everywhere', (url) => {
  expect([issueOf(url), issueOf(url, true)]).toEqual([undefined, undefined]);
});

it.each([
  ['https://localhost/', PUBLIC],
  ['https://localhost:8443/', PUBLIC],
  ['https://LOCALHOST/', PUBLIC],
  ['https://intranet/hooks', PUBLIC],
  ['https://app.localhost/', PUBLIC],
  ['https://printer.local/', PUBLIC],
  ['https://metadata.google.internal/', PUBLIC],
  ['https://nas.home.arpa/', PUBLIC],
  ['https://127.0.0.1/', PUBLIC],
  ['https://127.0.0.1./', PUBLIC],
  ['https://127.1/', PUBLIC],
  ['https://2130706433/', PUBLIC],
  ['https://0x7f000001/', PUBLIC],
  ['https://0x7f.1/', PUBLIC],
  ['https://017700000001/', PUBLIC],
  ['https://0177.0.0.01/', PUBLIC],
  ['https://%31%32%37.0.0.1/', PUBLIC],
  ['https://１２７.0.0.1/', PUBLIC],
  ['https://0/', PUBLIC],
  ['https://10.0.0.7/', PUBLIC],
  ['https://169.254.169.254/latest/meta-data', PUBLIC],
  ['https://[::1]/', PUBLIC],
  ['https://[::]/', PUBLIC],
  ['https://[::ffff:127.0.0.1]/', PUBLIC],
  ['https://[::ffff:7f00:1]/', PUBLIC],
  ['https://[0:0:0:0:0:ffff:7f00:0001]/', PUBLIC],
  ['https://[::127.0.0.1]/', PUBLIC],
  ['https://[64:ff9b::10.0.0.1]/', PUBLIC],
  ['https://[fd00::1]/', PUBLIC],
  ['http://example.com/', 'must be an https URL.'],
  ['http://localhost:3000/', 'must be an https URL.'],
  ['http://127.0.0.1:3000/', 'must be an https URL.'],
])('the URL %s is valid only where private addresses are allowed', (url, issue) => {
  expect([issueOf(url), issueOf(url, true)]).toEqual([issue, undefined]);
});

it.each([
  ['', ABSOLUTE],
  ['example.com', ABSOLUTE],
  ['/webhooks', ABSOLUTE],
  ['//example.com/webhooks', ABSOLUTE],
  ['https:example.com', ABSOLUTE],
  ['https:/example.com', ABSOLUTE],
  ['https:///example.com', ABSOLUTE],
  ['https://', ABSOLUTE],
  ['https://?a=b', ABSOLUTE],
  ['https://:443/', ABSOLUTE],
  ['https://example.com:70000/', ABSOLUTE],
  ['https://1.2.3.4.5/', ABSOLUTE],
  ['https://256.0.0.1/', ABSOLUTE],
  ['https://[fe80::1%25eth0]/', ABSOLUTE],
  ['https://[::1', ABSOLUTE],
  ['https://exa<mple.com/', ABSOLUTE],
  ['javascript:alert(1)', ABSOLUTE],
  ['ftp://example.com/', 'must be an https URL.', 'must be an https or http URL.'],
  ['file://host.example/etc/passwd', 'must be an https URL.', 'must be an https or http URL.'],
  ['ws://example.com/', 'must be an https URL.', 'must be an https or http URL.'],
  ['https://user@example.com/', 'must not contain a user name or password.'],
  ['https://:secret@example.com/', 'must not contain a user name or password.'],
  ['https://user:secret@example.com/', 'must not contain a user name or password.'],
  ['https://example.com/#part', 'must not contain a fragment ("#").'],
  ['https://example.com/#', 'must not contain a fragment ("#").'],
  [' https://example.com/', 'must not contain spaces or backslashes.'],
  ['https://example.com/a b', 'must not contain spaces or backslashes.'],
  ['https://exam\nple.com/', 'must not contain spaces or backslashes.'],
  ['https://example.com/\u2028', 'must not contain spaces or backslashes.'],
  ['https:\\\\example.com\\', 'must not contain spaces or backslashes.'],
  ['https://example.com/\u0000', 'must not contain control characters except tabs and line breaks.'],
  ['https://example.com/\ud800', 'must not contain unpaired surrogates.'],
  ['https://example.com./', VALID_HOST],
  ['https://localhost./', VALID_HOST],
  ['https://.example.com/', VALID_HOST],
  ['https://a..example.com/', VALID_HOST],
  ['https://-a.example.com/', VALID_HOST],
  ['https://*.example.com/', VALID_HOST],
  [`https://${'a'.repeat(64)}.example.com/`, VALID_HOST],
  [`https://${'a.'.repeat(125)}example.com/`, VALID_HOST],
  [longUrl(MAX_WEBHOOK_URL_CHARACTERS + 1), 'must be at most 2000 characters long.'],
])('the URL %j is valid nowhere', (url, issue, privateIssue = issue) => {
  expect([issueOf(url), issueOf(url, true)]).toEqual([issue, privateIssue]);
});
