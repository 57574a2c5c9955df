import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const DEBIAN_VERSIONS = '/usr/lib/postgresql';

/** The folders that may contain a program: those of PATH, and those of PostgreSQL on Debian. */
export const PROGRAM_FOLDERS: readonly string[] = [
  ...(process.env['PATH'] ?? '').split(delimiter),
  ...(existsSync(DEBIAN_VERSIONS)
    ? readdirSync(DEBIAN_VERSIONS).map((version) => join(DEBIAN_VERSIONS, version, 'bin'))
    : []),
];

/** The folder of a PostgreSQL that can copy a server (`pg_basebackup`), or undefined if it is not installed. */
export const POSTGRES_BIN: string | undefined = PROGRAM_FOLDERS.find((folder) =>
  ['pg_basebackup', 'postgres', 'initdb'].every((program) => existsSync(join(folder, program))),
);
