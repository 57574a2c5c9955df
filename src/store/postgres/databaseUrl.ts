/** The modes of encryption, as libpq means them. */
export const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
export type SslMode = (typeof SSL_MODES)[number];

/** The servers that are accepted among several hosts. The other values of libpq would lead to a standby. */
export const SESSION_ATTRIBUTES = ['any', 'read-write', 'primary'] as const;
export type SessionAttributes = (typeof SESSION_ATTRIBUTES)[number];

/** The parameters of a connection by their names in libpq, with several hosts and ports separated by commas. */
export type Parameters = ReadonlyMap<string, string>;

/** One server that may have the database. */
export interface Host {
  /** A host name, an address, or the folder of a socket. */
  readonly host: string;
  readonly port: number;
}

export const DEFAULT_SCHEMA = 'public';
const DEFAULT_HOST = 'localhost';
const DEFAULT_PORT = 5432;

/** The parameters that have an effect. Others could be misspelt ones, whose default would be used. */
const KNOWN: readonly string[] = (
  'host port user password dbname passfile target_session_attrs schema sslmode ssl sslrootcert sslcert sslkey ' +
  'sslpassword sslnegotiation channel_binding application_name options client_encoding'
).split(' ');
/** Parameters of libpq and of pg that other programs need, and this one does not. */
const IGNORED: readonly string[] = (
  'connect_timeout keepalives keepalives_idle keepalives_interval keepalives_count tcp_user_timeout gssencmode ' +
  'sslsni sslcompression ssl_min_protocol_version uselibpqcompat pgbouncer fallback_application_name'
).split(' ');

const DATABASE_URL = /^postgres(?:ql)?:\/\/(?:([^/?#]*)@)?([^/?#@]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/;
const HOST_AND_PORT = /^(?:\[([^[\]]*)\]|([^:[\]]*))(?::(\d*))?$/;
const PORT = /^\d{1,5}$/;
const IDENTIFIER = /^(?!pg_)[A-Za-z_][A-Za-z0-9_]{0,62}$/;

/**
 * Returns the parameters of a URL, or undefined if the text is not a URL of a database. A parameter after "?" overrides
 * the one before it.
 */
export function parametersOf(url: string): Parameters | undefined {
  const [isUrl, userInfo = '', hostList = '', database = '', query = ''] = DATABASE_URL.exec(url) ?? [];
  if (isUrl === undefined) return undefined;
  const hosts = hostList.split(',').map((each) => HOST_AND_PORT.exec(each));
  if (hosts.includes(null)) return undefined;
  const [user = '', ...password] = userInfo.split(':');
  const given: [name: string, value: string][] = [
    ['user', user],
    ['password', password.join(':')],
    ['host', listOf(hosts.map((host) => host?.[1] ?? host?.[2] ?? ''))],
    ['port', listOf(hosts.map((host) => host?.[3] ?? ''))],
    ['dbname', database],
  ];
  for (const part of query.split('&')) {
    const [name = '', ...value] = part.split('=');
    given.push([name, value.join('=')]);
  }
  return new Map(given.filter(([, value]) => value !== '').map(([name, value]) => [name, decoded(value)]));
}

/** Adds what a URL leaves out, such as the value of PGHOST, by the names of the parameters. */
export function completeUrl(url: string, missing: Readonly<Record<string, string | undefined>>): string {
  const given = parametersOf(url);
  const added = Object.entries(missing).flatMap(([name, value]) =>
    value === undefined || !given || given.has(name) ? [] : `${name}=${encodeURIComponent(value)}`,
  );
  if (added.length === 0) return url;
  return `${url}${url.includes('?') ? '&' : '?'}${added.join('&')}`;
}

/** Returns what is wrong with the URL of a database, as the rest of a sentence that repeats none of its values. */
export function problemOfUrl(url: string): string | undefined {
  const parameters = parametersOf(url);
  const hosts = parameters && hostsOf(parameters);
  if (!parameters || !hosts?.every(({ port }) => port > 0 && port < 65_536)) {
    return 'must be a URL such as postgres://user:password@localhost:5432/escrowgrid.';
  }
  if ([...parameters.keys()].some((name) => !KNOWN.includes(name) && !IGNORED.includes(name))) {
    return `has an unknown parameter. The parameters are ${KNOWN.join(', ')}.`;
  }
  const mode = sslModeOf(parameters);
  if (mode === undefined) return `must have one of these as sslmode: ${SSL_MODES.join(', ')}.`;
  if (mode === 'verify-ca' && !rootCertificateOf(parameters)) {
    return 'must have the parameter sslrootcert with sslmode=verify-ca: the file of the authority that is trusted.';
  }
  if (sessionAttributesOf(parameters) === undefined) {
    return `must have one of these as target_session_attrs: ${SESSION_ATTRIBUTES.join(', ')}.`;
  }
  return isSchemaName(schemaOf(parameters)) ? undefined : `must have as schema ${SCHEMA_NAME}.`;
}

/** The form of the name of a schema, for messages. */
export const SCHEMA_NAME = '1 to 63 letters, digits and underscores, with no digit and no pg_ at the beginning';
export const isSchemaName = (name: string): boolean => IDENTIFIER.test(name);

/** Returns the hosts in order, or undefined if the numbers of hosts and of ports differ. An invalid port is 0. */
export function hostsOf(parameters: Parameters): readonly Host[] | undefined {
  const hosts = (parameters.get('host') ?? DEFAULT_HOST).split(',');
  const ports = (parameters.get('port') ?? '').split(',');
  if (ports.length > 1 && ports.length !== hosts.length) return undefined;
  return hosts.map((host, index) => {
    const port = ports[ports.length === 1 ? 0 : index] || String(DEFAULT_PORT);
    return { host: host || DEFAULT_HOST, port: PORT.test(port) ? Number(port) : 0 };
  });
}

/** Returns the mode of encryption, or undefined if it is invalid. The default of libpq, prefer, protects nobody. */
export function sslModeOf(parameters: Parameters): SslMode | undefined {
  const isOn = ['true', '1'].includes(parameters.get('ssl') ?? '');
  const mode = parameters.get('sslmode') ?? (isOn ? 'require' : 'disable');
  return SSL_MODES.find((each) => each === (mode === 'no-verify' ? 'require' : mode));
}

/** Returns the file with the trusted authorities, or undefined for those that Node trusts. */
export function rootCertificateOf(parameters: Parameters): string | undefined {
  const file = parameters.get('sslrootcert');
  return file === 'system' ? undefined : file;
}

/** Returns which servers are accepted, or undefined if the parameter is invalid. */
export const sessionAttributesOf = (parameters: Parameters): SessionAttributes | undefined =>
  SESSION_ATTRIBUTES.find((each) => each === (parameters.get('target_session_attrs') ?? 'any'));

/** Returns the schema of the tables. */
export const schemaOf = (parameters: Parameters): string => parameters.get('schema') ?? DEFAULT_SCHEMA;

/** A list of nothing but empty values is no value. */
const listOf = (values: readonly string[]): string => (values.some((value) => value !== '') ? values.join(',') : '');

/** Decodes percent-encoded characters, and leaves a "%" that encodes nothing. */
const decoded = (text: string): string =>
  text.replaceAll(/(?:%[0-9a-f]{2})+/gi, (encoded) => {
    try {
      return decodeURIComponent(encoded);
    } catch {
      return encoded;
    }
  });
