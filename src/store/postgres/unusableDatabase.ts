/** The database cannot be used; the message states what to do. */
export class UnusableDatabaseError extends Error {
  /** Whether it may become usable without the operator: it starts, or another server migrates it. */
  readonly isTemporary: boolean;

  constructor(message: string, { isTemporary = false, ...options }: ErrorOptions & { isTemporary?: boolean } = {}) {
    super(message, options);
    this.isTemporary = isTemporary;
  }
}

const UNTRUSTED =
  'The certificate of the database is not signed by a trusted authority. Name the file of its authority as sslrootcert';

/** The problem and its fix, by the beginning of an SQLSTATE or by a system error code. */
const REASONS = {
  ECONNREFUSED: 'The database cannot be reached: nothing listens at its address',
  ENOENT: 'The database cannot be reached: its folder of sockets has no socket of this port',
  ECONNRESET: 'The database cannot be reached: the connection was reset',
  EPIPE: 'The database cannot be reached: the connection was closed',
  ETIMEDOUT: 'The database cannot be reached: its host does not answer',
  EHOSTUNREACH: 'The database cannot be reached: there is no route to its host',
  ENETUNREACH: 'The database cannot be reached: there is no route to its network',
  ENOTFOUND: 'The database cannot be reached: its host name is unknown',
  EAI_AGAIN: 'The database cannot be reached: its host name cannot be resolved now',
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  CERT_HAS_EXPIRED: 'The certificate of the database has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'The certificate of the database is for another host name than that of the URL',
  '08': 'The database, or the pooler before it, refused the connection',
  '25006': 'The database is read-only: it is a standby, or default_transaction_read_only is on. Connect to the primary',
  '28000': 'The database refused the user, or requires another sslmode. Check DATABASE_URL and DATABASE_DIRECT_URL',
  '28': 'The database refused the user or the password. Check DATABASE_URL and DATABASE_DIRECT_URL',
  '3D000': 'There is no database of this name. Create it, for example with createdb',
  '42501':
    'The user of the database lacks a privilege. Let it own the database, or grant it create on the schema of its tables',
  '53300': 'The database has no connection left. Raise its max_connections, or lower DATABASE_CONNECTIONS',
  '53': 'The database has run out of a resource, such as memory or disk space',
  '55P03': 'The database held a lock for too long. Try again',
  '57014': 'The database cancelled a statement. Raise the statement_timeout of the user, and try again',
  '57P03': 'The database is starting, recovering or shutting down. Try again',
  '57P': 'The database is shutting down. Try again',
  '58': 'The database has an error of its operating system. See its log',
} as const;

/** The codes of errors that may pass: of the network, and of a database that starts, is busy or is a standby. */
const TEMPORARY = /^(?:E[A-Z_]+$|08|25006|53|55P03|57|58)/;

/** Returns the error of an SQLSTATE that was determined by other means than an error of the database. */
export const unusableBecause = (state: keyof typeof REASONS): UnusableDatabaseError =>
  new UnusableDatabaseError(`${REASONS[state]} (${state}).`, { isTemporary: TEMPORARY.test(state) });

/**
 * Converts the error to a sentence for the operator. It contains the code, and the server's message if the code is
 * unknown, but never the connection string or the password. `isReached` is whether the database itself has sent it.
 */
export function unusable(
  error: Error & { readonly code?: string | undefined },
  isReached: boolean,
): UnusableDatabaseError {
  const { code = '', message } = error;
  const what = isReached ? 'used' : 'reached';
  const reason = reasonOf(code) ?? `The database cannot be ${what}: ${message}`;
  // pg's own errors of a connection have no code.
  const isTemporary = code === '' ? !isReached : TEMPORARY.test(code);
  return new UnusableDatabaseError(`${reason}${code && ` (${code})`}.`, { cause: error, isTemporary });
}

/** Returns the reason with the longest matching code prefix. */
const reasonOf = (code: string): string | undefined =>
  Object.entries(REASONS)
    .filter(([start]) => code.startsWith(start))
    .toSorted(([a], [b]) => b.length - a.length)[0]?.[1];
