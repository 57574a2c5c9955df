import { weaknessOf } from './weakSecret.ts';

/** The public root key of servers in development; production refuses it. */
export const DEVELOPMENT_KEY = 'escrowgrid-development-root-key-0000';

/** Variables by name. */
export type Environment = { readonly [name: string]: string | undefined };

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

  /** A secret that must be set, long enough and not generally known. Its value is never repeated. */
  secret(name: string): string {
    const text = this.text(name, '');
    const problem = secretProblem(text);
    if (problem !== undefined) this.#problems.push(`${name} ${problem}`);
    return text;
  }

  /** The URL of a database. Its value may hold a password, so it is never repeated. */
  databaseUrl(name: string): string | undefined {
    const text = this.#given(name);
    if (text !== undefined && !isDatabaseUrl(text)) {
      this.#problems.push(`${name} must be a URL such as postgres://user:password@localhost:5432/escrowgrid.`);
    }
    return text;
  }

  #given(name: string): string | undefined {
    return this.#env[name]?.trim() || undefined;
  }
}

/** Returns what is wrong with a secret, as the rest of a sentence that does not repeat it. */
function secretProblem(text: string): string | undefined {
  if (text.length < SECRET.min || text.length > SECRET.max || !/^[\x21-\x7e]*$/.test(text)) {
    return `must be set in production, to ${SECRET.min} to ${SECRET.max} printable characters without spaces.`;
  }
  if (text === DEVELOPMENT_KEY) return 'must not be the development key, which is public.';
  const weakness = weaknessOf(text);
  return weakness && `${weakness}. Generate it, for example with \`openssl rand -hex 32\`.`;
}

/** The URL standard rejects a user before an empty host, which is valid where `?host=` names a folder of sockets. */
const isDatabaseUrl = (text: string): boolean =>
  /^postgres(ql)?:\/\//.test(text) && URL.canParse(text.replace('@/', '@localhost/'));
