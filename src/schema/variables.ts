/** The coerced variables of the operation, including defaults. */
export type Variables = Readonly<Record<string, unknown>>;

/** Returns the coerced value of a variable. */
export type VariableLookup = (name: string) => unknown;

/**
 * Returns a function that computes a result from variables, and remembers the last one. It computes again only if a
 * variable has changed that the last result depended on. A value other than a number, a boolean or null is not kept.
 */
export function rememberLast<R>(compute: (variable: VariableLookup) => R): (variables: Variables) => R {
  let last: { readonly result: R; readonly used: ReadonlyMap<string, unknown> } | undefined;
  return (variables) => {
    if (last && isUnchanged(last.used, variables)) return last.result;
    const used = new Map<string, unknown>();
    const result = compute((name) => {
      used.set(name, variables[name]);
      return variables[name];
    });
    last = [...used.values()].every(isSmall) ? { result, used } : undefined;
    return result;
  };
}

function isUnchanged(used: ReadonlyMap<string, unknown>, variables: Variables): boolean {
  for (const [name, value] of used) if (variables[name] !== value) return false;
  return true;
}

const isSmall = (value: unknown): boolean =>
  value === null || value === undefined || typeof value === 'number' || typeof value === 'boolean';
