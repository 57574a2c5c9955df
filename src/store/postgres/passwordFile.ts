import { readFileSync, statSync } from 'node:fs';
import type { Host } from './databaseUrl.ts';

/** The database and the user that a password is for. */
export interface Login extends Host {
  readonly database: string;
  readonly user: string;
}

/** The mode bits of a file that others than its owner may read or write. */
const OTHERS = 0o077;
/** A field of a line, in which a backslash escapes a colon or a backslash, and what ends it. */
const FIELD = /((?:\\.|[^:\\])*)(?::|$)/y;

/**
 * Returns the first password for the login in a file in the format of .pgpass: host:port:database:user:password, with *
 * for anything. Like libpq, it ignores a file that is absent, or that others than its owner may use.
 */
export function passwordIn(path: string, login: Login): string | undefined {
  const file = statSync(path, { throwIfNoEntry: false });
  if (!file?.isFile() || (file.mode & OTHERS) !== 0) return undefined;
  // A socket is on this host.
  const hosts = login.host.startsWith('/') ? [login.host, 'localhost'] : [login.host];
  const wanted = [hosts, [String(login.port)], [login.database], [login.user]];
  for (const line of readFileSync(path, 'utf8').split(/\r?\n/)) {
    const fields = fieldsOf(line);
    const isMatch = wanted.every((values, index) => [...values, '*'].includes(fields[index] ?? ''));
    if (isMatch && !line.startsWith('#')) return fields[wanted.length];
  }
  return undefined;
}

function fieldsOf(line: string): readonly string[] {
  const fields: string[] = [];
  FIELD.lastIndex = 0;
  while (FIELD.lastIndex < line.length) {
    const [, text] = FIELD.exec(line) ?? [];
    if (text === undefined) break;
    fields.push(text.replaceAll(/\\(.)/g, '$1'));
  }
  return fields;
}
