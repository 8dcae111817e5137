/**
 * Quantities: exact decimal numbers with a suffix (`500m`, `1Gi`, `12e6`), and the spelling they are written back in.
 *
 * A quantity is `value × 10^scale`, both exact. The spelling is kept where upstream keeps it (`1.500`, `+1`), else it is canonical: the
 * largest suffix that leaves an integer. Objects carry quantities as text; parse where you compute, print where you store.
 *
 * @source staging/src/k8s.io/apimachinery/pkg/api/resource/quantity.go v1.36
 */
export type QuantityFormat = "DecimalSI" | "BinarySI" | "DecimalExponent";

const WRONG_FORMAT = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const WRONG_NUMBER = "unable to parse numeric part of quantity";
const WRONG_SUFFIX = "unable to parse quantity's suffix";

/** Not a quantity; the message is upstream's. */
export class QuantityError extends Error {
  override readonly name = "QuantityError";
}

const DECIMAL_SUFFIXES: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, "": 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const BINARY_SUFFIXES: Readonly<Record<string, number>> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 };
const DECIMAL_BY_EXPONENT = new Map(Object.entries(DECIMAL_SUFFIXES).map(([s, e]) => [e, s]));
const BINARY_BY_EXPONENT = new Map(Object.entries(BINARY_SUFFIXES).map(([s, e]) => [e, s]));

/** Digits that surely fit an int64. */
const SAFE_DIGITS = 18;
const NANO = -9;
const MAX_INT64 = 2n ** 63n - 1n;

const pow10 = (n: number) => 10n ** BigInt(n);

export class Quantity {
  readonly value: bigint;
  readonly scale: number;
  readonly format: QuantityFormat;
  private text: string | undefined;

  private constructor(value: bigint, scale: number, format: QuantityFormat, text?: string) {
    this.value = value;
    this.scale = scale;
    this.format = format;
    this.text = text;
  }

  /** Parses; throws `QuantityError` with upstream's text. Numbers are taken as JSON writes them. */
  static parse(input: string | number): Quantity {
    return parse(String(input), (value, scale, format, text) => new Quantity(value, scale, format, text));
  }

  static of(value: bigint | number, format: QuantityFormat = "DecimalSI"): Quantity {
    return new Quantity(BigInt(value), 0, format);
  }

  static ofMilli(milli: bigint | number, format: QuantityFormat = "DecimalSI"): Quantity {
    return new Quantity(BigInt(milli), -3, format);
  }

  toString(): string {
    return (this.text ??= canonical(this));
  }

  toJSON(): string {
    return this.toString();
  }

  isZero(): boolean {
    return this.value === 0n;
  }

  sign(): -1 | 0 | 1 {
    return this.value === 0n ? 0 : this.value < 0n ? -1 : 1;
  }

  cmp(other: Quantity): -1 | 0 | 1 {
    const [a, b] = aligned(this, other);
    return a === b ? 0 : a < b ? -1 : 1;
  }

  add(other: Quantity): Quantity {
    const [a, b, scale] = aligned(this, other);
    return new Quantity(a + b, scale, this.isZero() ? other.format : this.format);
  }

  sub(other: Quantity): Quantity {
    const [a, b, scale] = aligned(this, other);
    return new Quantity(a - b, scale, this.isZero() ? other.format : this.format);
  }

  mul(factor: bigint | number): Quantity {
    return new Quantity(this.value * BigInt(factor), this.scale, this.format);
  }

  neg(): Quantity {
    return new Quantity(-this.value, this.scale, this.format);
  }

  /** Rounded away from zero to a multiple of 10^scale. */
  roundUp(scale: number): Quantity {
    if (this.scale >= scale) return this;
    return new Quantity(this.scaled(scale), scale, this.format);
  }

  /** The amount in units of 10^scale, rounded away from zero. */
  scaled(scale: number): bigint {
    if (this.scale >= scale) return this.value * pow10(this.scale - scale);
    const divisor = pow10(scale - this.scale);
    const quotient = this.value / divisor;
    if (quotient * divisor === this.value) return quotient;
    return quotient + (this.value < 0n ? -1n : 1n);
  }

  /** Whole units, rounded up: bytes of memory, number of pods. */
  toNumber(): number {
    return Number(this.scaled(0));
  }

  /** Thousandths, rounded up: CPU. */
  toMilli(): number {
    return Number(this.scaled(-3));
  }

  /** As exact as a double gets. */
  toFloat(): number {
    return Number(`${this.value}e${this.scale}`);
  }
}

function aligned(a: Quantity, b: Quantity): [bigint, bigint, number] {
  if (a.scale === b.scale) return [a.value, b.value, a.scale];
  const scale = Math.min(a.scale, b.scale);
  return [a.value * pow10(a.scale - scale), b.value * pow10(b.scale - scale), scale];
}

/** Spelling of an already parsed or a computed quantity. */
function canonical(q: Quantity): string {
  if (q.isZero()) return "0";
  let format = q.format;
  if (format === "BinarySI") {
    const small = q.cmp(MINUS_1024) > 0 && q.cmp(PLUS_1024) < 0;
    const integer = q.scale >= 0 || q.value % pow10(-q.scale) === 0n;
    if (small || !integer) format = "DecimalSI";
  }
  return format === "BinarySI" ? canonicalBinary(q.scaled(0)) : canonicalDecimal(q.value, q.scale, format);
}

function canonicalBinary(value: bigint): string {
  let exponent = 0;
  while (exponent < 60 && value % 1024n === 0n) {
    value /= 1024n;
    exponent += 10;
  }
  return `${value}${BINARY_BY_EXPONENT.get(exponent) ?? ""}`;
}

function canonicalDecimal(value: bigint, exponent: number, format: QuantityFormat): string {
  while (value % 10n === 0n) {
    value /= 10n;
    exponent++;
  }
  while (exponent % 3 !== 0) {
    value *= 10n;
    exponent--;
  }
  if (format === "DecimalExponent") return exponent === 0 ? `${value}` : `${value}e${exponent}`;
  return `${value}${DECIMAL_BY_EXPONENT.get(exponent) ?? ""}`;
}

type Make = (value: bigint, scale: number, format: QuantityFormat, text?: string) => Quantity;

const PARTS = /^([+-]?)(\d*)(?:\.(\d*))?([eEinumkKMGTP]*[-+]?\d*)$/;

function parse(text: string, make: Make): Quantity {
  if (text === "") throw new QuantityError(WRONG_FORMAT);
  if (text === "0") return make(0n, 0, "DecimalSI", text);
  const parts = PARTS.exec(text);
  if (!parts) throw new QuantityError(WRONG_FORMAT);
  const negative = parts[1] === "-";
  const digits = parts[2]!.replace(/^0+/, "") || "0";
  const fraction = parts[3] ?? "";
  const { exponent, format } = suffix(parts[4]!);
  const fast = parseExact(text, negative, digits, fraction, exponent, format, make);
  if (fast) return fast;
  if (parts[2] === "" && fraction === "") throw new QuantityError(WRONG_NUMBER);
  return parseLarge(negative, BigInt(digits + fraction), fraction.length, exponent, format, make);
}

function suffix(text: string): { exponent: number; format: QuantityFormat } {
  const decimal = DECIMAL_SUFFIXES[text];
  if (decimal !== undefined) return { exponent: decimal, format: "DecimalSI" };
  const binary = BINARY_SUFFIXES[text];
  if (binary !== undefined) return { exponent: binary, format: "BinarySI" };
  if (/^[eE][-+]?\d+$/.test(text)) return { exponent: Number(text.slice(1)), format: "DecimalExponent" };
  throw new QuantityError(WRONG_SUFFIX);
}

/** What fits an int64 is kept as written where the spelling counts as canonical. */
function parseExact(
  text: string,
  negative: boolean,
  digits: string,
  fraction: string,
  exponent: number,
  format: QuantityFormat,
  make: Make,
): Quantity | undefined {
  const binary = format === "BinarySI";
  const precision = !binary
    ? SAFE_DIGITS - digits.length - fraction.length
    : fraction === ""
      ? 15 - digits.length - Math.trunc((exponent * 3) / 10) - 1
      : -1;
  const scale = (binary ? 0 : exponent) - fraction.length;
  if (precision < 0 || scale < NANO) return undefined;
  const shifted = digits + fraction;
  const amount = BigInt(shifted);
  const signed = (negative ? -amount : amount) * (binary ? 1n << BigInt(exponent) : 1n);
  const kept = binary ? (amount & 7n) !== 0n : scale % 3 === 0 && !shifted.endsWith("000") && !shifted.startsWith("0");
  return make(signed, scale, format, kept ? text : undefined);
}

/** Nothing below a nano: rounded up, away from zero. Binary amounts are capped at int64, and become decimal below one. */
function parseLarge(
  negative: boolean,
  digits: bigint,
  decimals: number,
  exponent: number,
  format: QuantityFormat,
  make: Make,
): Quantity {
  const binary = format === "BinarySI";
  let value = binary ? digits << BigInt(exponent) : digits;
  let scale = (binary ? 0 : exponent) - decimals;
  if (scale < NANO) {
    const divisor = pow10(NANO - scale);
    value = (value + divisor - 1n) / divisor;
    scale = NANO;
  }
  const one = scale < 0 ? pow10(-scale) : 1n;
  if (binary && value > MAX_INT64 * one) {
    value = MAX_INT64;
    scale = 0;
  }
  if (binary && value > 0n && value < one) format = "DecimalSI";
  return make(negative ? -value : value, scale, format);
}

const MINUS_1024 = Quantity.of(-1024);
const PLUS_1024 = Quantity.of(1024);

/** One to three digits with a common suffix are canonical as they stand: nearly all quantities there are. */
const PLAIN = /^[1-9]\d{0,2}(?:[mkMG]|[KMGT]i)?$/;

/** The spelling upstream writes this quantity back in; throws `QuantityError`. */
export function canonicalQuantity(text: string): string {
  return PLAIN.test(text) ? text : Quantity.parse(text.trim()).toString();
}

export const compareQuantities = (a: string, b: string): -1 | 0 | 1 => Quantity.parse(a).cmp(Quantity.parse(b));

/** Sum as text; absent counts as zero. */
export function addQuantities(a: string | undefined, b: string | undefined): string {
  return Quantity.parse(a ?? "0")
    .add(Quantity.parse(b ?? "0"))
    .toString();
}

/** Bytes, counts: whole units, rounded up; absent counts as zero. */
export const quantityValue = (text: string | number | undefined): number =>
  text === undefined ? 0 : Quantity.parse(text).toNumber();

/** Thousandths (CPU), rounded up; absent counts as zero. */
export const quantityMilli = (text: string | number | undefined): number =>
  text === undefined ? 0 : Quantity.parse(text).toMilli();
