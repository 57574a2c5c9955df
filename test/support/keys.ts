import { asAdmin } from './admin.ts';

/** A primary key, a unique constraint or index, or a foreign key. */
interface Key {
  readonly table: string;
  readonly name: string;
  readonly columns: readonly string[];
}

interface ForeignKey extends Key {
  readonly parent: string;
  readonly parentColumns: readonly string[];
}

/** The tables of a database and their keys. */
export interface Keys {
  readonly tables: readonly string[];
  readonly indexes: readonly Key[];
  /** Primary keys, unique constraints and unique indexes. */
  readonly unique: readonly Key[];
  readonly foreign: readonly ForeignKey[];
}

/** Reads the tables and keys of a database from its catalog, in order of their names. */
export const keysAt = (url: string): Promise<Keys> =>
  asAdmin(url, async (admin) => {
    const { rows } = await admin.query<{ name: string }>(
      "select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') order by 1",
    );
    const { rows: indexes } = await admin.query<Key & { isUnique: boolean }>(
      `select c.relname as table, i.indexrelid::regclass::text as name,
         i.indisunique or i.indisexclusion as "isUnique",
         ${columnsOf('i.indrelid', '(i.indkey::int2[])[0:i.indnkeyatts - 1]')} as columns
       from pg_index i join pg_class c on c.oid = i.indrelid
       where c.relnamespace = 'public'::regnamespace order by 1, 2`,
    );
    const foreign = await admin.query<ForeignKey>(
      `select conrelid::regclass::text as table, conname as name, confrelid::regclass::text as parent,
         ${columnsOf('conrelid', 'conkey')} as columns, ${columnsOf('confrelid', 'confkey')} as "parentColumns"
       from pg_constraint where contype = 'f' and connamespace = 'public'::regnamespace order by 1, 2`,
    );
    const unique = indexes.filter(({ isUnique }) => isUnique);
    return { tables: rows.map(({ name }) => name), indexes, unique, foreign: foreign.rows };
  });

const columnsOf = (table: string, numbers: string): string =>
  `array(select a.attname::text from unnest(${numbers}) with ordinality as k(number, position)
     left join pg_attribute a on a.attrelid = ${table} and a.attnum = k.number order by k.position)`;
