import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { COUNTS, HANG_MS } from '../counts.ts';
import { buildProgram, startProgram } from '../support/program.ts';

const { heapMb, requests } = COUNTS.memoryAttack;
const batchesPerRequest = 15;
const createsPerBatch = 1_000;

const SETUP = `mutation {
  createInstitution(input: { name: "Bank", regions: [US] }) { ... on CreateInstitutionPayload { institution { id } } }
}`;
const TEMPLATE = `mutation ($institutionId: ID!) {
  createAssetTemplate(input: { institutionId: $institutionId, code: "CONSTR_ESCROW", name: "Escrow",
    vertical: CONSTRUCTION, region: US, config: { currency: "USD", region: "US" } }) {
    ... on CreateAssetTemplatePayload { assetTemplate { id } }
  }
}`;
const ASSET = `mutation ($templateId: ID!) {
  createAsset(input: { templateId: $templateId, label: "Pier" }) { ... on CreateAssetPayload { asset { id } } }
}`;
const CREATE = `mutation ($assetId: ID!) {
  createPosition(input: { assetId: $assetId, holderReference: "h", amount: { amount: "100", currencyCode: "USD" } }) {
    ... on CreatePositionPayload { position { id } }
    ... on UserError { code message }
  }
}`;
const FUND = `mutation ($positionId: ID!) {
  fundPosition(input: { positionId: $positionId }) {
    ... on FundPositionPayload { position { state } }
    ... on UserError { code message }
  }
}`;
/** The same variable of 1,000 operations in every field. */
const ATTACK = `mutation ($operations: [PositionOperation!]!) {
  ${Array.from(
    { length: batchesPerRequest },
    (_one, index) =>
      `b${index}: applyPositions(input: { operations: $operations }) { ... on ApplyPositionsPayload { committed } ... on UserError { code } }`,
  ).join('\n')}
}`;

/** Returns the resident memory of a process in MB, or null where /proc is absent. */
function residentMb(pid: number): number | null {
  try {
    const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Math.round(Number(kilobytes) / 1_024);
  } catch {
    return null;
  }
}

it(
  `the server survives ${requests} requests of ${batchesPerRequest} batches with a heap of ${heapMb} MB, and positions still move`,
  async () => {
    const program = startProgram(await buildProgram(), {
      NODE_OPTIONS: `--max-old-space-size=${heapMb}`,
      DEMO_DATA: 'false',
      // The cost limit for such a request has separate tests, so it is raised here.
      MAX_COST: '100000000',
      OPERATION_TIMEOUT_MS: '600000',
    });
    const data = async <D>(query: string, variables: object = {}): Promise<D> => {
      const reply = await program.ask(query, variables);
      if (!reply.data) throw new Error(JSON.stringify(reply.errors));
      return reply.data as D;
    };
    type Ided<F extends string, O extends string> = Readonly<Record<F, Readonly<Record<O, { readonly id: string }>>>>;
    const { createInstitution } = await data<Ided<'createInstitution', 'institution'>>(SETUP);
    const institutionId = createInstitution.institution.id;
    const { createAssetTemplate } = await data<Ided<'createAssetTemplate', 'assetTemplate'>>(TEMPLATE, {
      institutionId,
    });
    const templateId = createAssetTemplate.assetTemplate.id;
    const { createAsset } = await data<Ided<'createAsset', 'asset'>>(ASSET, { templateId });
    const assetId = createAsset.asset.id;
    const { createPosition } = await data<Ided<'createPosition', 'position'>>(CREATE, { assetId });
    const operations = Array.from({ length: createsPerBatch }, () => ({
      create: { assetId, holderReference: 'holder', amount: { amount: '1', currencyCode: 'USD' } },
    }));
    type Batch = { readonly committed?: boolean; readonly code?: string };
    const outcomes: string[] = [];
    const beforeMb = residentMb(program.pid);
    for (let sent = 0; sent < requests; sent += 1) {
      const batches = Object.values(await data<Readonly<Record<string, Batch>>>(ATTACK, { operations }));
      outcomes.push(...batches.map(({ committed, code }) => code ?? `committed: ${committed}`));
    }
    const committed = outcomes.filter((outcome) => outcome === 'committed: true').length;
    const refused = outcomes.filter(
      (outcome) => outcome === 'committed: false' || outcome === 'CAPACITY_EXCEEDED',
    ).length;
    process.stdout.write(
      `memory limit: resident ${beforeMb} MB before, ${residentMb(program.pid)} MB after ${requests} requests of ` +
        `${JSON.stringify({ operations }).length} bytes; ` +
        `${committed} batches committed, ${refused} refused\n`,
    );
    expect(committed + refused).toBe(requests * batchesPerRequest);
    expect(refused).toBeGreaterThan(0);
    // A single position may still fit when a batch of 1,000 does not.
    const positionId = createPosition.position.id;
    expect(await data(FUND, { positionId })).toMatchObject({ fundPosition: { position: { state: 'FUNDED' } } });
    expect(await data('{ positions(first: 1) { nodes { state } } }')).toBeDefined();
    expect(await program.stop()).toEqual({ code: 0, signal: null });
  },
  HANG_MS.longTest,
);
