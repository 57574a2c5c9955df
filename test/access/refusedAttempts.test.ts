import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditEvent } from '../../src/domain/auditEvent.ts';
import { createMemoryStore } from '../../src/store/memory/index.ts';
import type { Store } from '../../src/store/store.ts';
import { firstOf } from '../../src/store/window.ts';
import { COUNTS } from '../counts.ts';
import { PRODUCTION } from '../support/endpoint.ts';
import { type KeyServer, newInstitution, newKey, serveKeys } from '../support/keyed.ts';
import { atAddress } from '../support/limited.ts';
import { type Line, WIRES } from '../support/wire.ts';

const MINUTE_MS = 60_000;
/** How many mutation fields one document can have. */
const ALIASES = 15;
const METADATA_BYTES = 60_000;
const FIELDS = Array.from({ length: ALIASES }, (_, at) => `a${at}: createAsset(input: $input) { __typename }`);
const ATTACK = `mutation ($input: CreateAssetInput!) { ${FIELDS.join(' ')} }`;
const INPUT = {
  templateId: 'tmpl_00000000000000000000000000',
  label: 'x',
  metadata: { canary: 'x'.repeat(METADATA_BYTES) },
};

/** The audit events of an institution and how many bytes their payloads take. */
async function auditLogOf(store: Store, institutionId: string) {
  const window = firstOf<AuditEvent>({ where: {}, order: { by: ['createdAt'], direction: 'ASC' }, limit: 100_000 });
  const [page] = await store.read({ institutionId }).auditEvents.pages([window]);
  const events = page?.rows ?? [];
  const bytes = events.reduce((sum, { payload }) => sum + Buffer.byteLength(JSON.stringify(payload)), 0);
  return { events, bytes };
}

const printed: string[] = [];
afterAll(() => void process.stdout.write(`${printed.join('\n')}\n`));

describe.each(WIRES)(
  '15 refused mutations with 60 kB of metadata by a read-only API key over $name',
  ({ name, open }) => {
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

    it('write a bounded number of bytes to the audit log', async () => {
      const before = await auditLogOf(store, institutionId);
      const replies: string[] = [];
      for (let sent = 0; sent < COUNTS.refusedRequests; sent += 1) {
        replies.push((await line.send(ATTACK, JSON.stringify({ input: INPUT }))).text);
      }
      server.now += MINUTE_MS;
      await server.app.settle();
      const after = await auditLogOf(store, institutionId);
      const events = after.events.length - before.events.length;
      const bytes = after.bytes - before.bytes;
      const perMinute = (1_200 / COUNTS.refusedRequests) * bytes;
      printed.push(
        `${name}: ${COUNTS.refusedRequests} requests wrote ${events} events, ${bytes} bytes of payload; 1,200 requests would write ${(perMinute / 1e6).toFixed(1)} MB`,
      );
      expect(replies.length).toBeGreaterThan(0);
    });
  },
);
