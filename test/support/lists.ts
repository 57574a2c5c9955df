import { expect } from 'vitest';
import type { Mutation } from './badInput.ts';
import type { Answer, TestServer } from './server.ts';

/** Any query of one list, aliased `list`, optionally within a `parent`. */
export type ListDocument = Mutation;

export interface ListPage {
  readonly totalCount: number;
  readonly nodes: readonly { readonly id: string }[];
  readonly edges: readonly { readonly cursor: string; readonly node: { readonly id: string } }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}

type Listed = { readonly list?: ListPage | null; readonly parent?: { readonly list: ListPage | null } | null };

export const pageIn = ({ data }: Answer<Listed>): ListPage | null | undefined =>
  data && 'list' in data ? data.list : data?.parent?.list;

/** Returns one page, which must be well formed. */
export async function pageOf(server: TestServer, document: ListDocument, variables: object): Promise<ListPage> {
  const answer = await server.ask<Listed>(document, variables);
  const page = pageIn(answer);
  if (!page || answer.errors) throw new Error(`Expected a page: ${answer.text}`, { cause: server.faults.at(-1) });
  expect(page.edges.map(({ node }) => node)).toEqual(page.nodes.map(({ id }) => ({ id })));
  expect(page.pageInfo).toMatchObject({
    startCursor: page.edges[0]?.cursor ?? null,
    endCursor: page.edges.at(-1)?.cursor ?? null,
  });
  return page;
}

export const idsOf = (page: ListPage): string[] => page.nodes.map(({ id }) => id);

/** Returns all ids of a list, read in pages of the given size. `between` runs after each page. */
export async function walk(
  server: TestServer,
  document: ListDocument,
  variables: object,
  size: number,
  backward: boolean,
  between: () => Promise<unknown> = async () => undefined,
): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor: string | null = null; ; ) {
    const part: object = backward ? { last: size, before: cursor } : { first: size, after: cursor };
    const page = await pageOf(server, document, { ...variables, ...part });
    const { hasNextPage, hasPreviousPage, startCursor, endCursor } = page.pageInfo;
    expect(page.nodes.length).toBeLessThanOrEqual(size);
    // A page in the other direction exists as soon as a cursor was used.
    expect(backward ? hasNextPage : hasPreviousPage).toBe(cursor !== null);
    if (backward) ids.unshift(...idsOf(page));
    else ids.push(...idsOf(page));
    if (!(backward ? hasPreviousPage : hasNextPage)) return ids;
    cursor = backward ? startCursor : endCursor;
    await between();
  }
}
