/** IntOrString values: a count, or a share of a total (`25%`); for ports, a number or a name. */

export type IntOrString = number | string;

/**
 * The count a value stands for, a percentage taken of `total`. Throws with upstream's text where a string is no percentage.
 *
 * @source staging/src/k8s.io/apimachinery/pkg/util/intstr/intstr.go GetScaledValueFromIntOrPercent
 */
export function scaledValue(value: IntOrString, total: number, round: "up" | "down"): number {
  if (typeof value === "number") return value;
  if (!value.endsWith("%")) throw new Error("invalid value for IntOrString: invalid type: string is not a percentage");
  const text = value.slice(0, -1);
  if (!/^[+-]?\d+$/.test(text))
    throw new Error(
      `invalid value for IntOrString: invalid value ${JSON.stringify(value)}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`,
    );
  const share = (Number(text) * total) / 100;
  return round === "up" ? Math.ceil(share) : Math.floor(share);
}
