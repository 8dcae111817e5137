/** @source staging/src/k8s.io/apiserver/pkg/cel/library/semverlib.go v1.36 */
import type { FunctionTable } from "../library.ts";
import { CelError, Opaque } from "../values.ts";

class SemverValue extends Opaque {
  readonly celType = "kubernetes.Semver";
  readonly numbers: readonly bigint[];
  readonly before: readonly string[];
  constructor(numbers: readonly bigint[], before: readonly string[]) {
    super();
    this.numbers = numbers;
    this.before = before;
  }
  override equals(other: Opaque): boolean {
    return order(this, other as SemverValue) === 0;
  }
}

const NUMBER = "0|[1-9]\\d*";
const PART = `(?:${NUMBER}|\\d*[a-zA-Z-][0-9a-zA-Z-]*)`;
const SEMVER = new RegExp(
  `^(${NUMBER})\\.(${NUMBER})\\.(${NUMBER})(?:-(${PART}(?:\\.${PART})*))?(?:\\+[0-9a-zA-Z-]+(?:\\.[0-9a-zA-Z-]+)*)?$`,
);

/** Without its `v` and leading zeros, with what it lacks. */
function normalized(text: string): string {
  const [, core = "", rest = ""] = /^v?([^-+]*)(.*)$/s.exec(text)!;
  const parts = core.split(".").map((part) => part.replace(/^0+(?=\d)/, ""));
  while (parts.length < 3) parts.push("0");
  return parts.join(".") + rest;
}

function parsed(text: string, normalize = false): SemverValue | undefined {
  const match = SEMVER.exec(normalize ? normalized(text) : text);
  return match ? new SemverValue(match.slice(1, 4).map(BigInt), match[4]?.split(".") ?? []) : undefined;
}

function semver(text: string, normalize = false): SemverValue {
  const found = parsed(text, normalize);
  if (!found) throw new CelError(`Invalid Semantic Version: ${JSON.stringify(text)}`);
  return found;
}

const compare = (a: bigint | string, b: bigint | string) => (a < b ? -1 : a > b ? 1 : 0);

function order(a: SemverValue, b: SemverValue): number {
  for (const i of [0, 1, 2]) {
    const by = compare(a.numbers[i]!, b.numbers[i]!);
    if (by) return by;
  }
  if (!a.before.length || !b.before.length) return Number(!a.before.length) - Number(!b.before.length);
  for (let i = 0; i < Math.max(a.before.length, b.before.length); i++) {
    const by = orderOfParts(a.before[i], b.before[i]);
    if (by) return by;
  }
  return 0;
}

/** Numbers by their value and before words; fewer parts before more. */
function orderOfParts(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return a === undefined ? -1 : 1;
  const [x, y] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (x && y) return compare(BigInt(a), BigInt(b));
  return x ? -1 : y ? 1 : compare(a, b);
}

const T = "kubernetes.Semver";

export const semvers: FunctionTable = {
  [`semver(string): ${T}`]: semver,
  [`semver(string, bool): ${T}`]: semver,
  "isSemver(string): bool": (text: string) => parsed(text) !== undefined,
  "isSemver(string, bool): bool": (text: string, normalize: boolean) => parsed(text, normalize) !== undefined,
  [`${T}.major(): int`]: ({ numbers }: SemverValue) => numbers[0],
  [`${T}.minor(): int`]: ({ numbers }: SemverValue) => numbers[1],
  [`${T}.patch(): int`]: ({ numbers }: SemverValue) => numbers[2],
  [`${T}.compareTo(${T}): int`]: (a: SemverValue, b: SemverValue) => BigInt(order(a, b)),
  [`${T}.isGreaterThan(${T}): bool`]: (a: SemverValue, b: SemverValue) => order(a, b) > 0,
  [`${T}.isLessThan(${T}): bool`]: (a: SemverValue, b: SemverValue) => order(a, b) < 0,
};
