import type { DocumentNode } from 'graphql';
import {
  CancelPositionDocument,
  CreatePositionDocument,
  FundPositionDocument,
  PositionDocument,
  PositionsDocument,
  PositionTotalsDocument,
  ReleasePositionDocument,
  TransitionPositionDocument,
} from '../api/documents/graphql.ts';
import { type Deal, makeDeal } from './deal.ts';
import type { TestServer } from './server.ts';

/** One step of a client; `at` is the index of a position, or the first position if there are fewer. */
export type Step =
  | { readonly do: 'open'; readonly amount: string; readonly days: number | null; readonly holder: string }
  | { readonly do: 'fund' | 'cancel'; readonly at: number; readonly expectedVersion: number | null }
  | {
      readonly do: 'release';
      readonly at: number;
      readonly amount: string | null;
      readonly expectedVersion: number | null;
    }
  | { readonly do: 'transition'; readonly at: number; readonly toState: string; readonly amount: string | null }
  | { readonly do: 'wait'; readonly hours: number }
  | {
      readonly do: 'list';
      readonly field: string;
      readonly direction: string;
      readonly states: readonly string[] | null;
      readonly holder: string | null;
      readonly least: string | null;
      readonly last: boolean;
      readonly size: number;
    };

const HOUR_MS = 3_600_000;
const ID = /\b(?:inst|tmpl|ast|pos|evt)_[0-9a-z]{26}\b/g;

/**
 * Runs the steps on a server and returns all responses exactly, with ids replaced by the order of their first
 * occurrence.
 */
export async function runScenario(server: TestServer, steps: readonly Step[]): Promise<readonly string[]> {
  const deal = await makeDeal(server);
  const positions: string[] = [];
  const names = new Map<string, string>();
  const nameOf = (id: string): string => {
    const name = names.get(id) ?? `${id.split('_', 1)[0]}#${names.size}`;
    names.set(id, name);
    return name;
  };
  const answers: string[] = [];
  const ask = async (document: DocumentNode, variables: object): Promise<string> => {
    const { text } = await server.ask(document, variables);
    const opened = /"__typename":"CreatePositionPayload","position":\{"id":"([^"]+)"/.exec(text)?.[1];
    if (opened !== undefined) positions.push(opened);
    // Cursors contain ids, so they are compared by the pages they lead to.
    answers.push(text.replaceAll(/"(cursor|startCursor|endCursor)":"[^"]*"/g, '"$1":"..."').replaceAll(ID, nameOf));
    return text;
  };
  for (const step of steps) {
    const before = positions.length;
    const request = requestOf(step, server, deal, positions);
    if (request) {
      const text = await ask(...request);
      const cursor = /"endCursor":"([^"]+)"/.exec(text)?.[1];
      if (cursor !== undefined) await ask(request[0], { ...request[1], after: cursor });
    }
    const changed = positions[positions.length > before ? positions.length - 1 : 'at' in step ? step.at : -1];
    if (changed !== undefined) await ask(PositionDocument, { id: changed });
  }
  const filter = { institutionId: deal.institution.id };
  for (const field of ['CREATED_AT', 'UPDATED_AT', 'AMOUNT', 'EXPIRES_AT']) {
    for (const direction of ['ASC', 'DESC']) await ask(PositionsDocument, { filter, orderBy: { field, direction } });
  }
  await ask(PositionTotalsDocument, { filter });
  return answers;
}

function requestOf(
  step: Step,
  server: TestServer,
  { institution, assetId }: Deal,
  positions: readonly string[],
): readonly [DocumentNode, object] | undefined {
  const positionId = 'at' in step ? (positions[step.at] ?? positions[0] ?? 'pos_none') : '';
  switch (step.do) {
    case 'open': {
      const { amount, days, holder } = step;
      const expiresAt = days === null ? null : new Date(server.now + days * 24 * HOUR_MS).toISOString();
      const input = { assetId, holderReference: holder, amount: { amount, currencyCode: 'USD' }, expiresAt };
      return [CreatePositionDocument, { input }];
    }
    case 'fund':
      return [FundPositionDocument, { input: { positionId, expectedVersion: step.expectedVersion } }];
    case 'cancel':
      return [CancelPositionDocument, { input: { positionId, expectedVersion: step.expectedVersion } }];
    case 'release': {
      const { amount, expectedVersion } = step;
      return [ReleasePositionDocument, { input: { positionId, amount, expectedVersion } }];
    }
    case 'transition':
      return [TransitionPositionDocument, { input: { positionId, toState: step.toState, amount: step.amount } }];
    case 'wait':
      server.now += step.hours * HOUR_MS;
      return undefined;
    case 'list': {
      const { field, direction, states, holder, least, last, size } = step;
      const amount = least === null ? null : { gte: least };
      const filter = { institutionId: institution.id, states, holderReference: holder, amount };
      return [PositionsDocument, { filter, orderBy: { field, direction }, [last ? 'last' : 'first']: size }];
    }
  }
}
