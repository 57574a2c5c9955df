import { type CurrencyCode, currencyIssue, isCurrency } from './currencies.ts';
import { freezeJson, type JsonObject, jsonIssue } from './json.ts';
import { LIMITS } from './limits.ts';
import { type Decimal, type Money, parseDecimal, toMinorUnits } from './money.ts';
import { isWithin, textIssue } from './text.ts';
import type { Instant } from './time.ts';
import { type Path, ValidationError, type ValidationIssue } from './userErrors.ts';

/** An input value that may be absent or null. */
export type Maybe<T> = T | null | undefined;

/** An amount as clients send it. */
export interface MoneyText {
  readonly amount: string;
  readonly currencyCode: string;
}

/**
 * Collects every problem of an input, so that a form can display all of them at once. Each method adds an issue for an
 * invalid value and returns a value to continue with; `throwIfAny` then throws ValidationError.
 */
export class Issues {
  readonly #found: ValidationIssue[] = [];
  /** Issues that depend on the current time. */
  readonly #late: ValidationIssue[] = [];

  /** Adds an issue. The message continues the name of the field at the path. */
  add(path: Path, message: string): void {
    this.#found.push({ path, message });
  }

  /**
   * Throws ValidationError if there is any issue. Issues that depend on the current time do not suffice, but are
   * included.
   */
  throwIfAny(): void {
    const [first, ...rest] = this.#found;
    if (first) throw new ValidationError([first, ...rest, ...this.#late]);
  }

  /**
   * Throws ValidationError if there are issues that depend on the current time. Separate, because a retry of a
   * completed call must not fail on them.
   */
  throwIfTimeIssues(): void {
    const [first, ...rest] = this.#late;
    if (first) throw new ValidationError([first, ...rest]);
  }

  /** Reads a required text of 1 to `maxCodePoints` code points that is not blank. */
  text(path: Path, value: string, maxCodePoints: number = LIMITS.nameCharacters): string {
    if (value.trim() === '') this.add(path, 'must not be blank.');
    return this.#storable(path, value, maxCodePoints);
  }

  /** Reads an optional text, which must meet the rules of `text` if it is present. */
  optionalText(path: Path, value: Maybe<string>): string | null {
    return value === null || value === undefined ? null : this.text(path, value);
  }

  /** Reads an optional note of at most `maxCodePoints` code points, which may be blank. */
  note(path: Path, value: Maybe<string>, maxCodePoints: number): string | null {
    return value === null || value === undefined ? null : this.#storable(path, value, maxCodePoints);
  }

  #storable(path: Path, value: string, maxCodePoints: number): string {
    const fault = isWithin(value, maxCodePoints)
      ? textIssue(value)
      : `must be at most ${maxCodePoints} characters long.`;
    if (fault !== undefined) this.add(path, fault);
    return value;
  }

  /** Reads a JSON object within the limits and freezes it. Defaults to {}. */
  json(path: Path, value: Maybe<JsonObject>): JsonObject {
    const fault = jsonIssue(value ?? {});
    if (fault === undefined) return freezeJson(value ?? {});
    this.add(path, fault);
    return {};
  }

  /** Reads a list of at least one value, without duplicates. */
  choice<V>(path: Path, values: readonly V[]): readonly V[] {
    if (values.length === 0) this.add(path, 'must have at least one value.');
    return Object.freeze([...new Set(values)]);
  }

  /** Reads a decimal above zero whose currency is not known yet. */
  positive(path: Path, text: string): Decimal {
    const decimal = parseDecimal(text);
    if (typeof decimal !== 'string' && decimal.units > 0n) return decimal;
    this.add(path, typeof decimal === 'string' ? decimal : 'must be greater than zero.');
    return { units: 0n, scale: 0 };
  }

  /** Reads the code of an active currency. For any other code, adds an issue and returns undefined. */
  currency(path: Path, code: string): CurrencyCode | undefined {
    if (isCurrency(code)) return code;
    this.add(path, currencyIssue(code));
    return undefined;
  }

  /**
   * Reads an amount above zero with no more digits than its currency. For any other, adds an issue and returns
   * undefined.
   */
  money(path: Path, { amount, currencyCode }: MoneyText): Money | undefined {
    const decimal = this.positive([...path, 'amount'], amount);
    const currency = this.currency([...path, 'currencyCode'], currencyCode);
    if (currency === undefined) return undefined;
    const minorUnits = toMinorUnits(decimal, currency);
    if (typeof minorUnits !== 'string') return { minorUnits, currency };
    this.add([...path, 'amount'], minorUnits);
    return undefined;
  }

  /** Reads a time after `now`, truncated to milliseconds, or null if it is absent. */
  future(path: Path, time: Maybe<Instant>, now: Instant): Instant | null {
    if (time === null || time === undefined) return null;
    const instant = Math.floor(time);
    if (instant <= now) this.#late.push({ path, message: 'must be in the future.' });
    return instant;
  }
}
