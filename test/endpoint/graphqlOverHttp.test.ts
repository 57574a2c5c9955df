import { type AuditResult, serverAudits } from 'graphql-http';
import { afterAll, describe, expect, it } from 'vitest';
import { bearer, endpointOn, ROOT_TOKEN } from '../support/endpoint.ts';

/** The number of audits of each kind. */
const ALL = { MUST: 0, SHOULD: 0, MAY: 0 };
const passed = { MUST: 0, SHOULD: 0, MAY: 0 };
type Kind = keyof typeof ALL;

describe('the audits of the GraphQL over HTTP specification', () => {
  const endpoint = endpointOn();
  // The audits send no API key and no preflight header.
  const fetchFn: typeof fetch = (input, init) =>
    fetch(input, {
      ...init,
      headers: {
        ...(init?.headers as Readonly<Record<string, string>> | undefined),
        ...bearer(ROOT_TOKEN),
        ...((init?.method ?? 'GET') === 'GET' && { 'graphql-require-preflight': '1' }),
      },
    });
  const audits = serverAudits({ url: () => endpoint().url, fetchFn });
  afterAll(() => {
    const kinds = (Object.keys(ALL) as Kind[]).map((kind) => `${kind} ${passed[kind]} of ${ALL[kind]}`);
    process.stdout.write(`Audits passed: ${kinds.join(', ')}.\n`);
  });

  for (const audit of audits) {
    const kind = audit.name.split(' ', 1)[0] as Kind;
    ALL[kind] += 1;
    it(`${audit.id}: ${audit.name}`, async () => {
      const result = await audit.fn();
      expect(reasonOf(result)).toBe('');
      passed[kind] += 1;
    });
  }

  it('the expected number of audits has run', () => {
    expect(audits.length).toBeGreaterThanOrEqual(61);
    expect(ALL.MUST + ALL.SHOULD + ALL.MAY).toBe(audits.length);
    expect(endpoint().faults).toEqual([]);
  });
});

/** Returns why an audit failed, or an empty text if it passed. */
const reasonOf = (result: AuditResult): string =>
  result.status === 'ok' ? '' : `${result.status}: ${'reason' in result ? result.reason : ''}`;
