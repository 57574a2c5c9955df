import pg from 'pg';
import { OutdatedStatementError, sqlStateOf, WrongPoolerError } from './errors.ts';
import { type Prepared, type PreparedStatements } from './preparedStatements.ts';
import type { Statement } from './sql.ts';
import { type Decode, decoderOf, type ResultColumn } from './typeParsers.ts';

/** The answer to a statement. */
export interface Answer<R> {
  readonly rows: R[];
  readonly rowCount: number;
}

/** A statement with the promise of its answer. */
export class Step {
  readonly statement: Statement;
  readonly answer: Promise<Answer<object>>;
  readonly rows: object[] = [];
  resolve!: (answer: Answer<object>) => void;
  reject!: (error: unknown) => void;

  constructor(statement: Statement) {
    this.statement = statement;
    this.answer = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }
}

/** The way a step was sent: as a known statement, or as one that is prepared under a name, which may be empty. */
interface Sent {
  readonly known: Prepared | undefined;
  readonly name: string;
  decode: Decode | undefined;
}

/** The server's plan of a statement no longer fits the table. */
const OUTDATED = '0A000';
/** The server does not know the name of a statement, or knows it from someone else. */
const STRANGE_NAMES: ReadonlySet<string | undefined> = new Set(['26000', '42P05']);

/**
 * Statements that are sent before one Sync. Outside of BEGIN and COMMIT they are one transaction. Once one has failed,
 * the server ignores the rest. pg accepts only its own queries on a pipelined connection, and calls these methods.
 */
export class Flight extends pg.Query {
  readonly steps: readonly Step[];
  readonly #statements: PreparedStatements;
  readonly #sent: Sent[] = [];
  #index = 0;
  #unreadable: { readonly error: unknown } | undefined;
  /** Resolves when the server has answered all steps. */
  readonly done: Promise<void>;
  #succeed!: () => void;
  #fail!: (error: unknown) => void;

  constructor(steps: readonly Step[], statements: PreparedStatements) {
    super('');
    this.steps = steps;
    this.#statements = statements;
    this.done = new Promise((resolve, reject) => {
      this.#succeed = resolve;
      this.#fail = reject;
    });
  }

  override readonly submit = (connection: pg.Connection): void => {
    const started: Sent[] = this.steps.map(({ statement }) => {
      const known = this.#statements.find(statement.text);
      return { known, name: known?.name ?? this.#statements.nameOf(statement), decode: known?.decode };
    });
    for (const name of this.#statements.takeDropped()) connection.close({ type: 'S', name }, true);
    this.steps.forEach(({ statement }, index) => {
      const { known, name } = started[index] as Sent;
      if (!known) connection.parse({ name, text: statement.text, types: [] }, true);
      connection.bind({ statement: name, values: statement.values.map(parameterOf) }, true);
      if (!known && !statement.isRaw) connection.describe({ type: 'P' }, true);
      connection.execute(null, true);
      // Without Flush, the server keeps each answer until that of the last statement, and seems silent meanwhile.
      if (index < this.steps.length - 1) connection.flush();
    });
    connection.sync();
    this.#sent.push(...started);
  };

  handleRowDescription({ fields }: { readonly fields: readonly ResultColumn[] }): void {
    const sent = this.#sent[this.#index];
    if (sent) sent.decode = decoderOf(fields);
  }

  handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    const step = this.steps[this.#index];
    const decode = this.#sent[this.#index]?.decode;
    if (step?.statement.isRaw) return void step.rows.push(fields);
    if (!step || !decode || this.#unreadable) return;
    try {
      step.rows.push(decode(fields));
    } catch (error) {
      this.#unreadable = { error };
    }
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    const { known, name, decode } = this.#sent[this.#index] as Sent;
    const { statement, rows, resolve, reject } = this.steps[this.#index] as Step;
    if (!known && name !== '') this.#statements.keep(statement.text, name, decode);
    if (this.#unreadable) reject(this.#unreadable.error);
    else resolve({ rows, rowCount: Number(/\d+$/.exec(text)?.[0] ?? 0) });
    this.#unreadable = undefined;
    this.#index += 1;
  }

  handleError(error: unknown): void {
    const reason = this.#reasonOf(error);
    this.#sent.slice(this.#index).forEach(({ known, name }) => {
      if (!known && name !== '') this.#statements.drop(name);
    });
    for (const { reject } of this.steps.slice(this.#index)) reject(reason);
    this.#fail(reason);
  }

  handleReadyForQuery(): void {
    this.#succeed();
  }

  #reasonOf(error: unknown): unknown {
    const sent = this.#sent[this.#index];
    const state = sqlStateOf(error);
    if (!sent || sent.name === '') return error;
    if (STRANGE_NAMES.has(state)) return new WrongPoolerError({ cause: error });
    if (!sent.known || state !== OUTDATED) return error;
    this.#statements.shared.generation += 1;
    return new OutdatedStatementError('The plan of a statement is outdated.', { cause: error });
  }
}

/** Returns a parameter in the format of the protocol. */
function parameterOf(value: unknown): string | Buffer | null {
  if (value === null || value === undefined) return null;
  if (value instanceof Buffer) return value;
  return Array.isArray(value) ? `{${value.map(itemOf).join(',')}}` : textOf(value);
}

const itemOf = (value: unknown): string =>
  value === null || value === undefined ? 'NULL' : `"${textOf(value).replaceAll(/[\\"]/g, '\\$&')}"`;

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
