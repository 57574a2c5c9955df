import { isWithin, textIssue } from './text.ts';

/** The maximum length of the URL of an endpoint, in code points. */
export const MAX_WEBHOOK_URL_CHARACTERS = 2_000;

/** Which URLs are allowed. */
export interface WebhookUrlRules {
  /** Whether http and the addresses of private networks are allowed, as in development. */
  readonly allowPrivate: boolean;
  /** Whether an IP address is on the public Internet. */
  readonly isPublicAddress: (address: string) => boolean;
}

/** Top-level domains that are reserved for one computer or one network. */
const PRIVATE_DOMAINS = ['localhost', 'local', 'internal', 'home.arpa'] as const;
const MAX_HOST_CHARACTERS = 253;
const LABEL = /^[a-z\d_]([a-z\d_-]{0,61}[a-z\d_])?$/;
const IPV4 = /^\d+\.\d+\.\d+\.\d+$/;

const HOST_ISSUE = 'must have the name or address of a public host.';

/**
 * Returns why deliveries cannot be sent to the URL, as the rest of a sentence, or undefined if they can. A name that
 * resolves to a private address is found only when it is dialled; here it is refused if no resolution is needed.
 */
export function webhookUrlIssue(url: string, rules: WebhookUrlRules): string | undefined {
  if (!isWithin(url, MAX_WEBHOOK_URL_CHARACTERS)) {
    return `must be at most ${MAX_WEBHOOK_URL_CHARACTERS} characters long.`;
  }
  const fault = textIssue(url);
  if (fault !== undefined) return fault;
  // The parser of URLs drops or replaces these, so that the URL would differ from the text.
  if (/[\s\\]/.test(url)) return 'must not contain spaces or backslashes.';
  const parsed = /^[a-z][a-z\d+.-]*:\/\/[^/]/i.test(url) && URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined) return 'must be an absolute URL such as "https://example.com/webhooks".';
  if (parsed.protocol !== 'https:' && !(rules.allowPrivate && parsed.protocol === 'http:')) {
    return rules.allowPrivate ? 'must be an https or http URL.' : 'must be an https URL.';
  }
  if (parsed.username !== '' || parsed.password !== '') return 'must not contain a user name or password.';
  if (url.includes('#')) return 'must not contain a fragment ("#").';
  return hostIssue(parsed.hostname, rules);
}

/** The host is normalized: in lower case, in Punycode, and an IPv4 address in any spelling as four decimal numbers. */
function hostIssue(host: string, { allowPrivate, isPublicAddress }: WebhookUrlRules): string | undefined {
  const address = host.startsWith('[') ? host.slice(1, -1) : IPV4.test(host) ? host : undefined;
  if (address !== undefined) return allowPrivate || isPublicAddress(address) ? undefined : HOST_ISSUE;
  const labels = host.split('.');
  if (host.length > MAX_HOST_CHARACTERS || !labels.every((label) => LABEL.test(label))) {
    return 'must have a valid host name, without a dot at its end.';
  }
  const isPrivate = labels.length === 1 || PRIVATE_DOMAINS.some((domain) => host.endsWith(`.${domain}`));
  return isPrivate && !allowPrivate ? HOST_ISSUE : undefined;
}
