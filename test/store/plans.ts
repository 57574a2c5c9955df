/** A row of EXPLAIN (ANALYZE, FORMAT JSON). */
export interface Explained {
  readonly 'QUERY PLAN': readonly { readonly Plan: Node }[];
}

interface Node {
  readonly 'Node Type': string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly Plans?: readonly Node[];
}

export interface Reads {
  /** The number of rows read from tables and indexes, including discarded rows. */
  readonly rows: number;
  /** The tables that were read by a sequential scan. */
  readonly sequential: readonly string[];
  /** The nodes of the plan in one line. */
  readonly plan: string;
}

/** Returns what a statement read, from its plan. */
export function readsOf(explained: readonly Explained[]): Reads {
  const nodes = explained.flatMap((row) => row['QUERY PLAN'].flatMap(({ Plan }) => withChildren(Plan)));
  const reads = nodes.filter((node) => (node['Index Name'] ?? node['Relation Name']) !== undefined);
  return {
    rows: reads.reduce((sum, node) => sum + rowsOf(node), 0),
    sequential: nodes.filter((node) => node['Node Type'] === 'Seq Scan').map((node) => node['Relation Name'] ?? ''),
    plan: nodes
      .map((node) => [node['Node Type'], node['Index Name'] ?? node['Relation Name'] ?? '', rowsOf(node)].join(' '))
      .join('; '),
  };
}

const withChildren = (node: Node): readonly Node[] => [node, ...(node.Plans ?? []).flatMap(withChildren)];

const rowsOf = (node: Node): number =>
  node['Actual Loops'] *
  (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0));
