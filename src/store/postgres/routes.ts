import { readFileSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import type pg from 'pg';
import {
  type Host,
  hostsOf,
  type Parameters,
  parametersOf,
  problemOfUrl,
  rootCertificateOf,
  type SessionAttributes,
  type SslMode,
  schemaOf,
  sessionAttributesOf,
  sslModeOf,
} from './databaseUrl.ts';
import { sqlStateOf } from './errors.ts';
import { passwordIn } from './passwordFile.ts';
import { UnusableDatabaseError } from './unusableDatabase.ts';

/** One way to reach the database: a host, with or without encryption. */
export interface Route {
  readonly config: pg.ClientConfig;
  readonly host: Host;
  /** Whether the host has no other way after this one. */
  readonly isLastOfHost: boolean;
}

/** SQLSTATEs that are the same on every host: wrong credentials, no such database, no privilege to connect. */
const REFUSED = /^(?:28|3D|42)/;
const CREDENTIALS = /^28/;

/** The ways to reach a database, of which the one that worked last is used first. */
export class Routes {
  /** The schema of the tables. */
  readonly schema: string;
  readonly sessionAttributes: SessionAttributes;
  readonly #routes: readonly Route[];
  #index = 0;

  /** Throws UnusableDatabaseError if the URL is invalid, or if a file that it names cannot be read. */
  constructor(url: string) {
    const problem = problemOfUrl(url);
    if (problem !== undefined) throw new UnusableDatabaseError(`The URL of the database ${problem}`);
    const parameters: Parameters = parametersOf(url) ?? new Map();
    const mode = sslModeOf(parameters) ?? 'disable';
    const tls = mode === 'disable' ? false : tlsOf(parameters, mode);
    this.schema = schemaOf(parameters);
    this.sessionAttributes = sessionAttributesOf(parameters) ?? 'any';
    this.#routes = (hostsOf(parameters) ?? []).flatMap((host) => {
      const ways = host.host.startsWith('/') ? [false] : waysOf(mode, tls);
      return ways.map((ssl, index) => {
        const config = { ...loginOf(parameters, host), ssl };
        return { config, host, isLastOfHost: index === ways.length - 1 };
      });
    });
  }

  get size(): number {
    return this.#routes.length;
  }

  get current(): Route {
    // A valid URL has a host.
    return this.#routes[this.#index] as Route;
  }

  /** Continues after a route that failed, unless another connection has done so already. */
  failed(route: Route, error: unknown, hasAnswered: boolean): void {
    if (route === this.current) this.#index = this.#indexAfter(route, error, hasAnswered);
  }

  /** Repeats an attempt while its failure has led to another route, at most once for each. */
  async tryEach<T>(attempt: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      const { current } = this;
      try {
        return await attempt();
      } catch (error) {
        if (tries >= this.size || current === this.current) throw error;
      }
    }
  }

  /** A server may refuse a connection only because it is encrypted, or because it is not. */
  #indexAfter(route: Route, error: unknown, hasAnswered: boolean): number {
    const state = sqlStateOf(error);
    const firstOfHost = this.#routes.findIndex(({ host }) => host === route.host);
    if (state !== undefined && REFUSED.test(state)) {
      if (!CREDENTIALS.test(state)) return this.#index;
      return route.isLastOfHost ? firstOfHost : this.#index + 1;
    }
    if (hasAnswered && state === undefined && !route.isLastOfHost) return this.#index + 1;
    const ofOtherHost = this.#routes.findIndex(({ host }, index) => index > this.#index && host !== route.host);
    // With one host, a server that is away does not change what it accepts.
    return ofOtherHost === -1 && firstOfHost === 0 ? this.#index : Math.max(0, ofOtherHost);
  }
}

/** Whether a connection to each host is encrypted, in the order in which it is tried. */
function waysOf(mode: SslMode, tls: ConnectionOptions | false): readonly (ConnectionOptions | false)[] {
  if (mode === 'allow') return [false, tls];
  return mode === 'prefer' ? [tls, false] : [tls];
}

/** Like libpq, `require` verifies the certificate only if an authority is named, and only verify-full the host name. */
function tlsOf(parameters: Parameters, mode: SslMode): ConnectionOptions {
  const read = (name: string, path = parameters.get(name)): object => {
    const option = { sslrootcert: 'ca', sslcert: 'cert', sslkey: 'key' }[name];
    return path === undefined || option === undefined ? {} : { [option]: contentOf(name, path) };
  };
  const authority = rootCertificateOf(parameters);
  const passphrase = parameters.get('sslpassword');
  return {
    rejectUnauthorized: mode.startsWith('verify') || (mode === 'require' && parameters.has('sslrootcert')),
    ...(mode !== 'verify-full' && { checkServerIdentity: () => undefined }),
    ...(authority !== undefined && read('sslrootcert', authority)),
    ...read('sslcert'),
    ...read('sslkey'),
    ...(passphrase !== undefined && { passphrase }),
  };
}

function contentOf(parameter: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UnusableDatabaseError(`The file ${path} of ${parameter} cannot be read (${code}).`, { cause: error });
  }
}

/** Returns the options that identify this process at a host. */
function loginOf(parameters: Parameters, host: Host): pg.ClientConfig {
  const user = parameters.get('user') ?? fromSystem(() => userInfo().username);
  const login = { ...host, user, database: parameters.get('dbname') ?? user };
  const file = parameters.get('passfile') ?? join(fromSystem(homedir), '.pgpass');
  return {
    ...login,
    // The file is read for each connection, because its passwords may change.
    password: parameters.get('password') ?? (() => passwordIn(file, login) ?? missingPassword()),
    application_name: parameters.get('application_name'),
    options: parameters.get('options'),
    client_encoding: parameters.get('client_encoding'),
    sslnegotiation: parameters.get('sslnegotiation') === 'direct' ? 'direct' : undefined,
    enableChannelBinding: ['prefer', 'require'].includes(parameters.get('channel_binding') ?? ''),
  };
}

function missingPassword(): never {
  throw new UnusableDatabaseError(
    'The database requires a password. Set it in DATABASE_URL, PGPASSWORD_FILE or a password file (PGPASSFILE).',
  );
}

/** The user of a container may be unknown to its system. */
function fromSystem(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
