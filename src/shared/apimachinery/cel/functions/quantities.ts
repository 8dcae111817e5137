/** @source staging/src/k8s.io/apiserver/pkg/cel/library/quantity.go v1.36 */
import { Quantity, QuantityError } from "../../quantity.ts";
import type { FunctionTable } from "../library.ts";
import { CelError, double, Opaque } from "../values.ts";

class QuantityValue extends Opaque {
  readonly celType = "kubernetes.Quantity";
  readonly quantity: Quantity;
  /** Written as a fraction of a binary unit: never a whole number to upstream. */
  readonly fraction: boolean;
  constructor(quantity: Quantity, fraction = false) {
    super();
    this.quantity = quantity;
    this.fraction = fraction;
  }
  override equals(other: Opaque): boolean {
    return this.quantity.cmp((other as QuantityValue).quantity) === 0;
  }
}

function parsed(text: string): QuantityValue {
  try {
    return new QuantityValue(Quantity.parse(text), /\.\d*[1-9]\d*[KMGTPE]i$/.test(text));
  } catch (error) {
    if (error instanceof QuantityError) throw new CelError(error.message);
    throw error;
  }
}

function isQuantity(text: string): boolean {
  try {
    Quantity.parse(text);
    return true;
  } catch {
    return false;
  }
}

const MAX_INT64 = 2n ** 63n;

/** undefined: not a whole number, or not of 64 bits. */
function integer({ quantity: { value, scale }, fraction }: QuantityValue): bigint | undefined {
  if (fraction) return undefined;
  const factor = 10n ** BigInt(Math.abs(scale));
  if (scale < 0 && value % factor !== 0n) return undefined;
  const whole = scale < 0 ? value / factor : value * factor;
  return whole < MAX_INT64 && whole >= -MAX_INT64 ? whole : undefined;
}

const asInteger = (of: QuantityValue) => {
  const whole = integer(of);
  if (whole === undefined) throw new CelError("cannot convert value to integer");
  return whole;
};

const T = "kubernetes.Quantity";
const order = (a: QuantityValue, b: QuantityValue) => a.quantity.cmp(b.quantity);
const plus = (a: Quantity, b: Quantity) => new QuantityValue(a.add(b));
const minus = (a: Quantity, b: Quantity) => new QuantityValue(a.sub(b));

export const quantities: FunctionTable = {
  [`quantity(string): ${T}`]: parsed,
  "isQuantity(string): bool": isQuantity,
  [`sign(${T}): int`]: ({ quantity }: QuantityValue) => BigInt(quantity.sign()),
  [`${T}.sign(): int`]: ({ quantity }: QuantityValue) => BigInt(quantity.sign()),
  [`${T}.isGreaterThan(${T}): bool`]: (a: QuantityValue, b: QuantityValue) => order(a, b) > 0,
  [`${T}.isLessThan(${T}): bool`]: (a: QuantityValue, b: QuantityValue) => order(a, b) < 0,
  [`${T}.compareTo(${T}): int`]: (a: QuantityValue, b: QuantityValue) => BigInt(order(a, b)),
  [`${T}.asApproximateFloat(): double`]: ({ quantity }: QuantityValue) => double(quantity.toFloat()),
  [`${T}.asInteger(): int`]: asInteger,
  [`${T}.isInteger(): bool`]: (of: QuantityValue) => integer(of) !== undefined,
  [`${T}.add(${T}): ${T}`]: (a: QuantityValue, b: QuantityValue) => plus(a.quantity, b.quantity),
  [`${T}.add(int): ${T}`]: (a: QuantityValue, b: bigint | number) => plus(a.quantity, Quantity.of(b)),
  [`${T}.sub(${T}): ${T}`]: (a: QuantityValue, b: QuantityValue) => minus(a.quantity, b.quantity),
  [`${T}.sub(int): ${T}`]: (a: QuantityValue, b: bigint | number) => minus(a.quantity, Quantity.of(b)),
};
