import type { SqlType } from './layout.ts';

/** A statement's text with its parameters. */
export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
  /** Whether one plan is the best for all values, so that the server may keep it. */
  readonly keepsPlan?: boolean;
  /** The name under which it is always prepared. Defaults to one that the connection chooses. */
  readonly name?: string;
  /** Whether its rows are the texts of their values instead of objects. */
  readonly isRaw?: boolean;
}

/**
 * Called with the text of every statement when it is sent. Returns a function to call when it is answered. The text has
 * no values, which are parameters.
 */
export type TraceStatement = (text: string) => () => void;

/** Collects a statement's parameters and returns their placeholders. */
export class Parameters {
  readonly values: unknown[] = [];
  #tenant: string | undefined;
  add(value: unknown, type: SqlType | 'tsquery' | `${SqlType}[]`): string {
    this.values.push(value);
    return `$${this.values.length}::${type}`;
  }

  /** Returns the placeholder of the institution of the scope, which is one parameter wherever it is named. */
  tenant(tenant: string): string {
    return (this.#tenant ??= this.add(tenant, 'text'));
  }
}
