import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsonBytes } from '../../src/domain/json.ts';
import { REFUSALS_PER_KEY } from '../../src/live/refusedAttempts.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import { COUNTS } from '../counts.ts';
import { auditLogOf, occurrencesOf } from '../support/auditLog.ts';
import { PRODUCTION } from '../support/endpoint.ts';
import { type KeyServer, newInstitution, newKey, serveKeys } from '../support/keyed.ts';
import { atAddress } from '../support/limited.ts';
import { type Line, type Reply, WIRES } from '../support/wire.ts';

const MINUTE_MS = 60_000;
const REQUESTS_PER_MINUTE = PRODUCTION.rates.key ?? 0;
/** How many mutation fields one document can have. */
const ALIASES = PRODUCTION.documents.aliases;
const FIELDS = Array.from({ length: ALIASES }, (_, at) => `a${at}: createAsset(input: $input) { __typename }`);
const ATTACK = `mutation ($input: CreateAssetInput!) { ${FIELDS.join(' ')} }`;
const CANARY = 'canary';
const INPUT = {
  templateId: 'tmpl_00000000000000000000000000',
  label: CANARY,
  metadata: { [CANARY]: CANARY.repeat(10_000) },
};
/** A GET may be too long for a URL, which would be refused before the server knows that it is a mutation. */
const SHORT_INPUT = { ...INPUT, metadata: { [CANARY]: CANARY } };

const printed: string[] = ['bytes of audit payload that 15 refused mutations of 60 kB per request write per minute'];
afterAll(() => void process.stdout.write(`${printed.join('\n')}\n`));

describe.each(WIRES)('documents of 15 forbidden mutations with 60 kB of metadata over $name', ({ name, open }) => {
  const store = createMemoryStore();
  let server: KeyServer;
  let institutionId: string;
  let line: Line;
  beforeAll(async () => {
    institutionId = await newInstitution(serveKeys(store));
    const { token } = await newKey(serveKeys(store), institutionId, { role: 'READ_ONLY' });
    server = serveKeys(store, { settings: PRODUCTION });
    line = await open(await atAddress(server.app), token);
  });
  afterAll(() => line.close());

  it('write a bounded audit log without values, and cost a request for each field', async () => {
    const isGet = name === 'GET';
    const input = JSON.stringify({ input: isGet ? SHORT_INPUT : INPUT });
    const replies: Reply[] = [];
    for (let sent = 0; sent < COUNTS.refusedRequests; sent += 1) replies.push(await line.send(ATTACK, input));
    server.now += MINUTE_MS;
    await server.app.settle();
    const { events, bytes } = await auditLogOf(store, institutionId);
    const unbounded = REQUESTS_PER_MINUTE * ALIASES * jsonBytes(INPUT);
    printed.push(`${name.padEnd(10)} before: ${isGet ? 0 : unbounded}, now: ${bytes} in ${events.length} events`);
    expect(server.faults).toEqual([]);
    expect(JSON.stringify(events)).not.toContain(CANARY);
    if (isGet) {
      expect(replies.every(({ status, text }) => status >= 400 && !text.includes('"data"'))).toBe(true);
      // Only requests beyond the limit are recorded, in one event.
      expect(events.map(({ action }) => action)).toEqual(
        COUNTS.refusedRequests > REQUESTS_PER_MINUTE ? ['RATE_LIMITED'] : [],
      );
      return;
    }
    const forbidden = events.filter(({ errorCode }) => errorCode === 'FORBIDDEN');
    const refusedFields = Math.min(
      COUNTS.refusedRequests * ALIASES,
      REQUESTS_PER_MINUTE - (name === 'WebSocket' ? 1 : 0),
    );
    expect(forbidden).toHaveLength(REFUSALS_PER_KEY.events + 1);
    expect(occurrencesOf(forbidden)).toBe(refusedFields);
    expect(forbidden[0]?.payload).toEqual({
      omitted: `${jsonBytes(INPUT)} bytes`,
      fields: ['templateId', 'label', 'metadata'],
    });
    const limited = events.filter(({ action }) => action === 'RATE_LIMITED');
    expect(limited.length).toBe(1);
    expect(events).toHaveLength(forbidden.length + limited.length);
    expect(bytes).toBeLessThan(10_000);
  });
});
