// PostGraphile as a peer: its installation, its queries, and its answers in the form of this server's.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type ServerProcess, startServer } from './children.ts';
import { installPackages, PEERS } from './folders.ts';
import type { Start } from './programs/serve.ts';
import { READS } from './reads.ts';
import type { Contestant } from './rounds.ts';

/** The name of PostGraphile in the table. */
export const POSTGRAPHILE = 'PostGraphile';
const FOLDER = join(PEERS, 'postgraphile');
/** The first version of Node that PostGraphile supports. */
const MIN_NODE = 22;

/** Starts PostGraphile, or returns a line that says why it is skipped. */
export async function startPostgraphile(
  start: Start,
): Promise<{ readonly server?: ServerProcess; readonly skipped: readonly string[] }> {
  try {
    installPackages(FOLDER);
  } catch (error) {
    return { skipped: [`PostGraphile is skipped: its packages cannot be installed (${String(error)}).`] };
  }
  const installed = join(FOLDER, `node_modules/node-${process.platform}-${process.arch}/bin/node`);
  const isNewNode = Number.parseInt(process.versions.node, 10) >= MIN_NODE;
  if (!isNewNode && !existsSync(installed)) {
    return { skipped: [`PostGraphile is skipped: it needs Node ${MIN_NODE}, and npm has no package of it here.`] };
  }
  const execPath = isNewNode ? process.execPath : installed;
  return { server: await startServer(POSTGRAPHILE, 'postgraphile', start, execPath), skipped: [] };
}

interface Queries {
  readonly query: string;
  /** Returns the answer in the form of this server's. */
  readonly toData: (data: never) => unknown;
}

interface PositionRow {
  readonly rowId: string;
  readonly state: string;
  readonly holderReference: string;
  readonly amount: string;
  readonly held: string;
  readonly currency: string;
  readonly asset: { readonly rowId: string; readonly label: string; readonly template: TemplateRow };
  readonly institution: Named;
  readonly events: { readonly nodes: readonly { readonly sequence: number; readonly toState: string }[] };
}
interface TemplateRow {
  readonly rowId: string;
  readonly code: string;
  readonly institution: Named;
}
interface Named {
  readonly rowId: string;
  readonly name: string;
}

const POSITION = 'positionByInstitutionIdAndRowId(institutionId: $institutionId, rowId: $id)';
const ASSET = 'asset: assetByInstitutionIdAndAssetId';
const TEMPLATE = 'template: assetTemplateByInstitutionIdAndTemplateId';
const INSTITUTION = 'institution: institutionByInstitutionId { rowId name }';

const money = (minorUnits: string): { readonly amount: string } => ({ amount: (Number(minorUnits) / 100).toFixed(2) });
const named = ({ rowId, name }: Named): object => ({ id: rowId, name });

const QUERIES: Readonly<Record<string, Queries>> = {
  get: {
    query: `query Get($id: String!, $institutionId: String!) {
      position: ${POSITION} { rowId state holderReference amount currency held }
    }`,
    toData: ({ position }: { readonly position: PositionRow }) => ({
      position: {
        id: position.rowId,
        state: position.state,
        holderReference: position.holderReference,
        amount: { ...money(position.amount), currencyCode: position.currency },
        held: money(position.held),
      },
    }),
  },
  'nested get': {
    query: `query Nested($id: String!, $institutionId: String!) {
      position: ${POSITION} {
        rowId state held ${ASSET} { rowId label ${TEMPLATE} { rowId code ${INSTITUTION} } }
      }
    }`,
    toData: ({ position: { rowId, state, held, asset } }: { readonly position: PositionRow }) => ({
      position: {
        id: rowId,
        state,
        held: money(held),
        asset: {
          id: asset.rowId,
          label: asset.label,
          template: {
            id: asset.template.rowId,
            code: asset.template.code,
            institution: named(asset.template.institution),
          },
        },
      },
    }),
  },
  'nested page of 50': {
    query: `query Page($first: Int!, $institutionId: String!) {
      positions: allPositions(condition: { institutionId: $institutionId }, first: $first, orderBy: [CREATED_AT_DESC, ROW_ID_DESC]) {
        nodes {
          rowId state amount held ${ASSET} { rowId label ${TEMPLATE} { rowId code } } ${INSTITUTION}
          events: lifecycleEventsByInstitutionIdAndPositionId(first: 5, orderBy: SEQUENCE_ASC) { nodes { sequence toState } }
        }
      }
    }`,
    toData: ({ positions }: { readonly positions: { readonly nodes: readonly PositionRow[] } }) => ({
      positions: {
        nodes: positions.nodes.map(({ rowId, state, amount, held, asset, institution, events }) => ({
          id: rowId,
          state,
          amount: money(amount),
          held: money(held),
          asset: {
            id: asset.rowId,
            label: asset.label,
            template: { id: asset.template.rowId, code: asset.template.code },
          },
          institution: named(institution),
          events,
        })),
      },
    }),
  },
};

/** Returns PostGraphile with its own query for the content of a read. */
export function postgraphileContestant(server: ServerProcess, operation: string): Contestant {
  const { query, toData } = QUERIES[operation] as Queries;
  const { institutionId } = server.data;
  const reads = READS[operation]?.operations(server.data) ?? [];
  const operations = reads.map(({ variables }) => ({
    query,
    variables: { ...variables, institutionId },
  }));
  return { server, operations: () => operations, expected: '"rowId":', toData: toData as (data: unknown) => unknown };
}
