import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsonBytes } from '../../src/domain/json.ts';
import { FAILURES_PER_API_KEY } from '../../src/server/access/failedAttempts.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { COUNTS } from '../counts.ts';
import { auditLogOf, occurrencesOf } from '../support/auditLog.ts';
import { PRODUCTION } from '../support/endpoint.ts';
import { type KeyServer, newInstitution, newKey, serveKeys } from '../support/keyed.ts';
import { atAddress } from '../support/limited.ts';
import { type Line, type Reply, WIRES } from '../support/wire.ts';

const MINUTE_MS = 60_000;
/** The maximum number of mutation fields per document. */
const ALIASES = PRODUCTION.documents.aliases;
/** The production limit, or a smaller one that the shorter run reaches. */
const REQUESTS_PER_MINUTE = Math.min(PRODUCTION.rates.key ?? 0, COUNTS.refusedRequests * (ALIASES - 1));
const RATES = { ...PRODUCTION.rates, key: REQUESTS_PER_MINUTE };
const FIELDS = Array.from({ length: ALIASES }, (_, index) => `a${index}: createAsset(input: $input) { __typename }`);
const ATTACK = `mutation ($input: CreateAssetInput!) { ${FIELDS.join(' ')} }`;
const CANARY = 'canary';
const INPUT = {
  templateId: 'tmpl_00000000000000000000000000',
  label: CANARY,
  metadata: { [CANARY]: CANARY.repeat(10_000) },
};
/** A long GET would be rejected because of its URL, before the server reads the mutation. */
const SHORT_INPUT = { ...INPUT, metadata: { [CANARY]: CANARY } };

const printed: string[] = ['bytes of audit payload that 15 refused mutations of 60 kB per request write per minute'];
afterAll(() => void process.stdout.write(`${printed.join('\n')}\n`));

describe.each(WIRES)('documents with 15 forbidden mutations over $name', ({ name, open }) => {
  const isGet = name === 'GET';
  const store = createMemoryStore();
  let server: KeyServer;
  let institutionId: string;
  let line: Line;
  beforeAll(async () => {
    institutionId = await newInstitution(serveKeys(store));
    const { token } = await newKey(serveKeys(store), institutionId, { role: 'READ_ONLY' });
    server = serveKeys(store, { settings: { ...PRODUCTION, rates: RATES } });
    line = await open(await atAddress(server.app), token);
  });
  afterAll(() => line.close());

  /** Sends the document with the input as often as the counts say, and returns the audit log after the minute. */
  const attack = async (input: object) => {
    const replies: Reply[] = [];
    for (let sent = 0; sent < COUNTS.refusedRequests; sent += 1) {
      replies.push(await line.send(ATTACK, JSON.stringify({ input })));
    }
    server.now += MINUTE_MS;
    await server.app.flushCounters();
    const log = await auditLogOf(store, institutionId);
    const unbounded = isGet ? 0 : (PRODUCTION.rates.key ?? 0) * ALIASES * jsonBytes(input);
    printed.push(`${name.padEnd(10)} before: ${unbounded}, now: ${log.bytes} in ${log.events.length} events`);
    expect(server.faults).toEqual([]);
    expect(JSON.stringify(log.events)).not.toContain(CANARY);
    return { ...log, replies };
  };

  it.runIf(isGet)('GET requests with mutations are rejected and record no attempt', async () => {
    const { replies, events } = await attack(SHORT_INPUT);
    expect(replies.filter(({ status, text }) => status < 400 || text.includes('"data"'))).toEqual([]);
    // Requests beyond the limit are recorded in one event.
    const isLimited = COUNTS.refusedRequests > REQUESTS_PER_MINUTE;
    expect(events.map(({ action }) => action)).toEqual(isLimited ? ['RATE_LIMITED'] : []);
  });

  it.skipIf(isGet)(
    'mutations with 60 kB of metadata write a bounded audit log without values, and each field is counted by the rate limit',
    async () => {
      const { events, bytes } = await attack(INPUT);
      const forbidden = events.filter(({ errorCode }) => errorCode === 'FORBIDDEN');
      // Over WebSocket, connection_init counts as a request as well.
      const requests = REQUESTS_PER_MINUTE - (name === 'WebSocket' ? 1 : 0);
      expect(forbidden).toHaveLength(FAILURES_PER_API_KEY.events + 1);
      expect(occurrencesOf(forbidden)).toBe(Math.min(COUNTS.refusedRequests * ALIASES, requests));
      expect(forbidden[0]?.payload).toEqual({
        omitted: `${jsonBytes(INPUT)} bytes`,
        fields: ['templateId', 'label', 'metadata'],
      });
      expect(events.filter(({ action }) => action === 'RATE_LIMITED')).toHaveLength(1);
      expect(events).toHaveLength(forbidden.length + 1);
      expect(bytes).toBeLessThan(10_000);
    },
  );
});
