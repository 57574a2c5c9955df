import { LAYOUTS } from '../../src/store/postgres/layouts.ts';
import type { Statement } from '../../src/store/postgres/sql.ts';
import { TABLE_NAMES } from '../../src/store/tables.ts';

/** The tables with rows of institutions, which are distributed by institution. */
export const DISTRIBUTED: ReadonlySet<string> = new Set(
  TABLE_NAMES.flatMap((name) => [LAYOUTS[name].table, ...(LAYOUTS[name].terms ? [LAYOUTS[name].terms.table] : [])]),
);

/** The tables that views return the rows of. A view limits its tables as its reader does. */
const TABLE_OF_VIEW: ReadonlyMap<string, string> = new Map(
  TABLE_NAMES.flatMap((name) => (LAYOUTS[name].view === undefined ? [] : [[LAYOUTS[name].view, LAYOUTS[name].table]])),
);

/** How a statement limits the rows of a table to those of one institution. */
export type Limit =
  /** By a condition with a parameter, or the same as another limited table: it is sent to one shard. */
  | 'PARAMETER'
  /** By a condition that PostgreSQL does not use to choose an index, which Citus would not use to choose a shard either. */
  | 'HIDDEN'
  /** Not at all, so that it is sent to all shards. */
  | 'NONE';

/** One table of a statement, with what is done to it. */
export interface Access {
  readonly table: string;
  readonly kind: string;
  readonly limit: Limit;
}

/** A part of a statement in parentheses, or the statement itself. */
interface Block {
  /** Its text, without that of the blocks in it. */
  own: string;
  readonly parent: Block | undefined;
  readonly inner: Block[];
}

/** Returns the distributed tables that a statement reads or changes. */
export function accessesOf({ text }: Pick<Statement, 'text'>): readonly Access[] {
  const found: Access[] = [];
  const visit = (block: Block): void => {
    for (const [, verb = '', named = '', alias = named] of block.own.matchAll(TABLES)) {
      const table = TABLE_OF_VIEW.get(named) ?? named;
      if (!DISTRIBUTED.has(table)) continue;
      const limit = verb === 'insert into' ? 'PARAMETER' : limitOf(block, table, alias);
      found.push({ table, kind: kindOf(verb, block, text), limit });
    }
    if (block.own.includes('sessions_with')) found.push({ table: 'chat_sessions', kind: 'search', limit: 'HIDDEN' });
    block.inner.forEach(visit);
  };
  visit(parse(text));
  return found;
}

const TABLES =
  /\b(from|join|update|delete from|insert into) (?:only )?"?([a-z_]+)"?(?: (?!where|set|on|select|cross|join|order|limit|values)([a-z]\w*))?/g;

function kindOf(verb: string, { own }: Block, text: string): string {
  if (verb === 'insert into') return 'insert';
  if (verb === 'update' || verb === 'delete from') return verb.split(' ')[0] ?? '';
  if (/ for update/.test(text)) return 'lock';
  if (/^select count|select t\.currency, t\.state, count/.test(own.trim())) return 'count';
  return / order by /.test(own) ? 'list' : 'by id';
}

/** Splits a text at its parentheses. Each block is replaced by a mark in the text of the one around it. */
function parse(text: string): Block {
  const whole: Block = { own: '', parent: undefined, inner: [] };
  let current = whole;
  for (const character of text) {
    if (character === '(') {
      const block: Block = { own: '', parent: current, inner: [] };
      current.own += `(${current.inner.length})`;
      current.inner.push(block);
      current = block;
    } else if (character === ')') current = current.parent ?? whole;
    else current.own += character;
  }
  return whole;
}

/** Returns the text of a block with those in it, except for blocks in which the alias has another meaning. */
function scopeOf({ own, inner }: Block, alias: string): string {
  const isOther = new RegExp(`\\b(?:from|join) [a-z_]+ ${alias}\\b`);
  return own.replaceAll(/\((\d+)\)/g, (_mark, index: string) => {
    const block = inner[Number(index)];
    return block && !isOther.test(block.own) ? `(${scopeOf(block, alias)})` : '()';
  });
}

function limitOf(block: Block, table: string, alias: string): Limit {
  const column = `${alias}\\.${table === 'institutions' ? 'id' : 'institution_id'}`;
  const scope = scopeOf(block, alias);
  const parameter = '(?:\\$\\d+::text|any\\(array\\[\\$\\d+::text\\]\\))';
  if (new RegExp(`\\(\\(?${column} = ${parameter}\\)? is true|nullif\\(${column} = ${parameter}`).test(scope))
    return 'HIDDEN';
  if (new RegExp(`${column} = ${parameter}`).test(scope)) return 'PARAMETER';
  // Another table of the statement, whose own limit is found separately.
  if (new RegExp(`${column} = [a-z]\\w*\\.(?:institution_id|id|"institutionId"|"id")`).test(scope)) return 'PARAMETER';
  return 'NONE';
}

/** Returns the ids of institutions among the parameters of a statement. */
export const institutionsIn = (values: readonly unknown[]): ReadonlySet<string> =>
  new Set(
    JSON.stringify(values, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}` : value)).match(
      /inst_[0-9a-z]{26}/g,
    ),
  );
