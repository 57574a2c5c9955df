import { createRequire } from 'node:module';
import { PothosError } from '@pothos/core';
import { GraphQLError, versionInfo } from 'graphql';
import { createGraphQLError } from 'graphql-yoga';
import { GraphqlVersionError } from './graphqlVersionError.ts';

/** The oldest supported version of graphql 16, as in `peerDependencies` of package.json. */
const MIN_MINOR = 10;
const SUPPORTED = `^16.${MIN_MINOR}.0`;

/** An object of graphql by each package that creates such objects for the server. */
const OBJECTS: Readonly<Record<string, object>> = {
  '@pothos/core': PothosError.prototype,
  'graphql-yoga': createGraphQLError(''),
};

/**
 * Throws GraphqlVersionError if the server is loaded with a version of graphql that it does not support, or with another
 * copy than a package on which it depends: the objects of one copy are invalid for the other.
 */
function checkGraphql(): void {
  const { major, minor } = versionInfo;
  const isSupported = major === 16 && minor >= MIN_MINOR;
  if (isSupported && Object.values(OBJECTS).every((each) => each instanceof GraphQLError)) return;
  const users = new Map<string, string[]>();
  for (const name of ['escrowgrid', ...Object.keys(OBJECTS)]) {
    const copy = copyOf(name);
    users.set(copy, [...(users.get(copy) ?? []), name]);
  }
  if (isSupported && users.size === 1) {
    throw new GraphqlVersionError(
      `EscrowGrid found ${[...users.keys()].join()} loaded twice, as an ES module and as CommonJS. Exclude escrowgrid ` +
        'from bundling (with vitest from `server.deps.inline`), or set an alias of graphql for graphql/index.js.',
    );
  }
  const found = [...users].map(([copy, names]) => `${copy}, used by ${names.join(' and ')}`).join('; ');
  throw new GraphqlVersionError(
    `EscrowGrid needs exactly one copy of graphql ${SUPPORTED}, but found ${found}. Run \`npm install graphql@16\` and ` +
      '`npm dedupe`; `npm ls graphql` lists the packages that need another version.',
  );
}

/** Returns the version and the file of the graphql that a package uses, as text. */
function copyOf(name: string): string {
  const own = createRequire(import.meta.url);
  try {
    const user = name === 'escrowgrid' ? own : createRequire(own.resolve(name));
    const { version } = user('graphql') as { readonly version: string };
    return `graphql ${version} in ${user.resolve('graphql')}`;
  } catch {
    return 'a copy that cannot be located';
  }
}

checkGraphql();
