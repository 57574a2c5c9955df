import { type CurrencyCode, currencyIssue, isCurrency } from './currencies.ts';
import { freezeJson, type JsonObject, jsonFault } from './json.ts';
import { LIMITS } from './limits.ts';
import { type Decimal, type Money, parseDecimal, toMinorUnits } from './money.ts';
import { type Path, ValidationFailed, type ValidationIssue } from './refusals.ts';
import { isWithin, textFault } from './text.ts';
import type { Instant } from './time.ts';

/** What may be left out of an input. */
export type Maybe<T> = T | null | undefined;

/** An amount as a client writes it. */
export interface MoneyText {
  readonly amount: string;
  readonly currencyCode: string;
}

/**
 * Collects every fault of an input, so that a form shows all of them at once.
 * Each reader notes what is wrong and answers a value to go on with; `settle` then refuses with ValidationFailed.
 */
export class Issues {
  readonly #found: ValidationIssue[] = [];
  /** What only the hour shows. */
  readonly #late: ValidationIssue[] = [];

  /** Notes a fault: a sentence that goes on from the name of what stands at the path. */
  add(path: Path, message: string): void {
    this.#found.push({ path, message });
  }

  /** Refuses with ValidationFailed if anything was noted; what only the hour shows is not enough by itself. */
  settle(): void {
    const [first, ...rest] = this.#found;
    if (first) throw new ValidationFailed([first, ...rest, ...this.#late]);
  }

  /** Refuses with ValidationFailed what only the hour shows: a call that is retried later must not be refused for it. */
  settleHour(): void {
    const [first, ...rest] = this.#late;
    if (first) throw new ValidationFailed([first, ...rest]);
  }

  /** A text that must be there, of 1 to `most` code points, not blank. */
  text(path: Path, value: string, most: number = LIMITS.nameCharacters): string {
    if (value.trim() === '') this.add(path, 'must not be blank.');
    return this.#storable(path, value, most);
  }

  /** A text that may be left out; given, it is held to the same rule. */
  optionalText(path: Path, value: Maybe<string>): string | null {
    return value === null || value === undefined ? null : this.text(path, value);
  }

  /** A remark that may be left out or blank, of at most `most` code points. */
  remark(path: Path, value: Maybe<string>, most: number): string | null {
    return value === null || value === undefined ? null : this.#storable(path, value, most);
  }

  #storable(path: Path, value: string, most: number): string {
    const fault = isWithin(value, most) ? textFault(value) : `must be at most ${most} characters long.`;
    if (fault !== undefined) this.add(path, fault);
    return value;
  }

  /** A JSON object within the limits, frozen; {} if left out. */
  json(path: Path, value: Maybe<JsonObject>): JsonObject {
    const fault = jsonFault(value ?? {});
    if (fault === undefined) return freezeJson(value ?? {});
    this.add(path, fault);
    return {};
  }

  /** A list with at least one value, each once. */
  choice<V>(path: Path, values: readonly V[]): readonly V[] {
    if (values.length === 0) this.add(path, 'must name at least one.');
    return Object.freeze([...new Set(values)]);
  }

  /** A decimal above zero, in a currency that is not known yet. */
  positive(path: Path, text: string): Decimal {
    const decimal = parseDecimal(text);
    if (typeof decimal !== 'string' && decimal.units > 0n) return decimal;
    this.add(path, typeof decimal === 'string' ? decimal : 'must be more than zero.');
    return { units: 0n, scale: 0 };
  }

  /** An active currency; undefined is noted as a fault. */
  currency(path: Path, code: string): CurrencyCode | undefined {
    if (isCurrency(code)) return code;
    this.add(path, currencyIssue(code));
    return undefined;
  }

  /** An amount above zero with no more digits than its currency has; undefined is noted as a fault. */
  money(path: Path, { amount, currencyCode }: MoneyText): Money | undefined {
    const decimal = this.positive([...path, 'amount'], amount);
    const currency = this.currency([...path, 'currencyCode'], currencyCode);
    if (currency === undefined) return undefined;
    const minorUnits = toMinorUnits(decimal, currency);
    if (typeof minorUnits !== 'string') return { minorUnits, currency };
    this.add([...path, 'amount'], minorUnits);
    return undefined;
  }

  /** A point in time after now, cut to milliseconds; null if left out. */
  future(path: Path, time: Maybe<Instant>, now: Instant): Instant | null {
    if (time === null || time === undefined) return null;
    const instant = Math.floor(time);
    if (instant <= now) this.#late.push({ path, message: 'must lie in the future.' });
    return instant;
  }
}
