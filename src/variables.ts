import { readSecretFile } from './secretFile.ts';
import {
  completeUrl,
  DEFAULT_SCHEMA,
  isSchemaName,
  parametersOf,
  problemOfUrl,
  SCHEMA_NAME,
  SESSION_ATTRIBUTES,
  SSL_MODES,
  sessionAttributesOf,
} from './store/postgres/databaseUrl.ts';
import { weaknessOf } from './weakSecret.ts';

/** The public root key of servers in development; production refuses it. */
export const DEVELOPMENT_KEY = 'escrowgrid-development-root-key-0000';

/** Variables by name. */
export type Environment = { readonly [name: string]: string | undefined };

/** Parameters of a database by their names in libpq, for a URL that leaves them out. */
export type MissingParameters = Readonly<Record<string, string | undefined>>;

/** The limits of a secret's length, in characters. */
const SECRET = { min: 32, max: 200 } as const;

/** A wildcard for anything but a port would silently match nothing, so it is rejected. */
const isOrigin = (text: string): boolean =>
  /^https?:[^*]*$/.test(text) && URL.canParse(text) && new URL(text).origin === text;

/** Reads single variables. One that is unset or empty takes its default; a wrong one is recorded as a problem. */
export class VariableReader {
  readonly #env: Environment;
  readonly #problems: string[];

  constructor(env: Environment, problems: string[]) {
    this.#env = env;
    this.#problems = problems;
  }

  text(name: string, otherwise: string): string {
    return this.#given(name) ?? otherwise;
  }

  /** A host name or an address; an IPv6 address may be written in brackets, as in a URL. */
  host(name: string, otherwise: string): string {
    const text = this.text(name, otherwise);
    const host = /^\[([^\]]*:[^\]]*)\]$/.exec(text)?.[1] ?? text;
    if (!/^[\w.:%-]+$/.test(host)) {
      this.#problems.push(`${name} must be a host name or an address such as 127.0.0.1 or [::1]; it is "${text}".`);
    }
    return host;
  }

  oneOf<V extends string>(name: string, values: readonly V[], otherwise: V): V {
    const text = this.text(name, otherwise);
    const value = values.find((each) => each === text);
    if (value === undefined) this.#problems.push(`${name} must be one of ${values.join(', ')}; it is "${text}".`);
    return value ?? otherwise;
  }

  /** One of the values, or undefined if the variable is unset. */
  optionalOneOf<V extends string>(name: string, values: readonly V[]): V | undefined {
    const [first] = values;
    return this.#given(name) === undefined || first === undefined ? undefined : this.oneOf(name, values, first);
  }

  flag(name: string, otherwise: boolean): boolean {
    return this.oneOf(name, ['true', 'false'], otherwise ? 'true' : 'false') === 'true';
  }

  whole(name: string, otherwise: number, min: number, max: number): number {
    const text = this.text(name, String(otherwise));
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    this.#problems.push(`${name} must be a whole number from ${min} to ${max}; it is "${text}".`);
    return otherwise;
  }

  /** A whole number whose default may be null, which means no limit. */
  optionalWhole(name: string, otherwise: number | null, min: number, max: number): number | null {
    return this.text(name, '') === '' && otherwise === null ? null : this.whole(name, otherwise ?? min, min, max);
  }

  /** Points per minute; null if it is "none". */
  rate(name: string, otherwise: number | null): number | null {
    const text = this.text(name, otherwise === null ? 'none' : String(otherwise));
    if (text === 'none') return null;
    const value = /^\d{1,9}$/.test(text) ? Number(text) : 0;
    if (value > 0) return value;
    this.#problems.push(`${name} must be a positive integer or "none"; it is "${text}".`);
    return otherwise;
  }

  /** A list of origins, separated by commas or spaces; "*" in place of a port means any port. */
  origins(name: string, otherwise: readonly string[]): readonly string[] {
    const origins = this.#given(name)?.split(/[\s,]+/) ?? otherwise;
    for (const origin of origins) {
      if (isOrigin(origin.replace(/:\*$/, ''))) continue;
      this.#problems.push(`${name} must list origins such as https://app.example.com; "${origin}" is not an origin.`);
    }
    return origins;
  }

  /**
   * A secret, of its variable or of the file that the variable with the suffix _FILE names. One that is `strong` must be
   * long enough and not generally known, and so must its default. Its value is never repeated.
   */
  secret<D extends string | null>(
    name: string,
    otherwise: D,
    { isStrong }: { readonly isStrong: boolean },
  ): string | D {
    const text = this.#secretText(name);
    const value: string | D = text ?? otherwise;
    if (isStrong && text !== null && value !== null) {
      const problem = secretProblem(value, otherwise !== null);
      if (problem !== undefined) this.#problems.push(`${name} ${problem}`);
    }
    return value;
  }

  /**
   * The URL of a database, which may be in a file, with the parameters that it leaves out. If it is unset, `otherwise`
   * is completed. Its value may hold a password, so it is never repeated.
   */
  databaseUrl(name: string, missing: MissingParameters, otherwise?: string): string | undefined {
    const text = this.#secretText(name);
    if (text === null) return '';
    const given = text ?? otherwise;
    if (given === undefined) return undefined;
    const url = completeUrl(given, missing);
    const problem = problemOfUrl(url);
    if (problem !== undefined) this.#problems.push(`${name} ${problem}`);
    return url;
  }

  /** The URL of a replica, which may have all parameters but the one that selects primaries. */
  replicaUrl(name: string, missing: MissingParameters): string | undefined {
    const url = this.databaseUrl(name, { ...missing, target_session_attrs: undefined });
    const attributes = sessionAttributesOf(parametersOf(url ?? '') ?? new Map());
    if (attributes !== undefined && attributes !== 'any') {
      this.#problems.push(`${name} must not have target_session_attrs=${attributes}, which no replica fulfils.`);
    }
    return url;
  }

  /** The parameters of the database that a URL leaves out: the variables of libpq, and the schema of the tables. */
  missingParameters(): MissingParameters {
    const port = this.#given('PGPORT');
    const isPort = port === undefined || /^\d{1,5}(,\d{1,5})*$/.test(port);
    if (!isPort) {
      this.#problems.push(`PGPORT must be a whole number from 1 to 65535, or several with commas; it is "${port}".`);
    }
    const schema = this.text('DATABASE_SCHEMA', DEFAULT_SCHEMA);
    const isSchema = isSchemaName(schema);
    if (!isSchema) this.#problems.push(`DATABASE_SCHEMA must be ${SCHEMA_NAME}; it is "${schema}".`);
    return {
      host: this.#given('PGHOST'),
      port: isPort ? port : undefined,
      user: this.#given('PGUSER'),
      password: this.#secretText('PGPASSWORD') ?? undefined,
      passfile: this.#given('PGPASSFILE'),
      dbname: this.#given('PGDATABASE'),
      target_session_attrs: this.optionalOneOf('PGTARGETSESSIONATTRS', SESSION_ATTRIBUTES),
      sslmode: this.optionalOneOf('PGSSLMODE', SSL_MODES),
      sslrootcert: this.#given('PGSSLROOTCERT'),
      sslcert: this.#given('PGSSLCERT'),
      sslkey: this.#given('PGSSLKEY'),
      schema: isSchema && schema !== DEFAULT_SCHEMA ? schema : undefined,
    };
  }

  /** Returns the text of a secret, undefined if it is unset, and null if its file is wrong, which is recorded. */
  #secretText(name: string): string | null | undefined {
    const fileVariable = `${name}_FILE`;
    const value = this.#given(name);
    const path = this.#given(fileVariable);
    if (path === undefined) return value;
    if (value !== undefined) {
      this.#problems.push(`${name} and ${fileVariable} must not both be set.`);
      return null;
    }
    const file = readSecretFile(path);
    if ('text' in file) return file.text;
    this.#problems.push(`${fileVariable} names the file ${path}, which ${file.problem}.`);
    return null;
  }

  #given(name: string): string | undefined {
    return this.#env[name]?.trim() || undefined;
  }
}

/** Returns what is wrong with a secret, as the rest of a sentence that does not repeat it. */
function secretProblem(text: string, isRequired: boolean): string | undefined {
  if (text.length < SECRET.min || text.length > SECRET.max || !/^[\x21-\x7e]*$/.test(text)) {
    const form = `${SECRET.min} to ${SECRET.max} printable characters without spaces.`;
    return isRequired ? `must be set in production, to ${form}` : `must be ${form}`;
  }
  if (text === DEVELOPMENT_KEY) return 'must not be the development key, which is public.';
  const weakness = weaknessOf(text);
  return weakness && `${weakness}. Generate it, for example with \`openssl rand -hex 32\`.`;
}
