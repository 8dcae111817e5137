/**
 * Go durations (`1h30m0s`), as metav1.Duration carries them.
 *
 * @source Go time.ParseDuration and Duration.String
 */

const UNIT_NANOS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};
const MAX = 2n ** 63n - 1n;

/** Nanoseconds of `text`; throws with Go's message. */
export function parseDurationNanos(text: string): bigint {
  const bad = () => new Error(`time: invalid duration ${JSON.stringify(text)}`);
  const negative = text.startsWith("-");
  let rest = negative || text.startsWith("+") ? text.slice(1) : text;
  if (rest === "0") return 0n;
  if (rest === "") throw bad();
  let total = 0n;
  while (rest !== "") {
    const number = /^(\d*)(?:\.(\d*))?/.exec(rest)!;
    const fraction = number[2] ?? "";
    if (!number[1] && !fraction) throw bad();
    rest = rest.slice(number[0].length);
    const unit = /^[^.\d]*/.exec(rest)![0];
    if (unit === "") throw new Error(`time: missing unit in duration ${JSON.stringify(text)}`);
    const nanos = UNIT_NANOS[unit];
    if (nanos === undefined) throw new Error(`time: unknown unit ${JSON.stringify(unit)} in duration ${JSON.stringify(text)}`);
    rest = rest.slice(unit.length);
    total += BigInt(number[1] || "0") * nanos + (fraction ? (BigInt(fraction) * nanos) / 10n ** BigInt(fraction.length) : 0n);
    if (total > MAX) throw bad();
  }
  return negative ? -total : total;
}

/** As Go prints it: `5m0s`, `1.5s`, `100ms`, `0s`. */
export function formatDurationNanos(nanos: bigint): string {
  if (nanos === 0n) return "0s";
  const sign = nanos < 0n ? "-" : "";
  const n = nanos < 0n ? -nanos : nanos;
  if (n < 1_000n) return `${sign}${n}ns`;
  if (n < 1_000_000n) return `${sign}${decimal(n, 1_000n)}µs`;
  if (n < 1_000_000_000n) return `${sign}${decimal(n, 1_000_000n)}ms`;
  const seconds = n / 1_000_000_000n;
  const text = `${decimal(n - (seconds / 60n) * 60_000_000_000n, 1_000_000_000n)}s`;
  if (seconds < 60n) return sign + text;
  const minutes = seconds / 60n;
  return minutes < 60n ? `${sign}${minutes}m${text}` : `${sign}${minutes / 60n}h${minutes % 60n}m${text}`;
}

function decimal(n: bigint, unit: bigint): string {
  const fraction = n % unit;
  if (fraction === 0n) return `${n / unit}`;
  const digits = String(fraction)
    .padStart(String(unit).length - 1, "0")
    .replace(/0+$/, "");
  return `${n / unit}.${digits}`;
}

/** How long ago, as kubectl and Table cells print it: `45s`, `5m30s`, `3h`, `2d4h`, `400d`, `2y30d`. */
export function humanDuration(ms: number): string {
  const seconds = Math.trunc(ms / 1000);
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.trunc(seconds / 60);
  if (minutes < 10) return seconds % 60 === 0 ? `${minutes}m` : `${minutes}m${seconds % 60}s`;
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.trunc(minutes / 60);
  if (hours < 8) return minutes % 60 === 0 ? `${hours}h` : `${hours}h${minutes % 60}m`;
  if (hours < 48) return `${hours}h`;
  const days = Math.trunc(hours / 24);
  if (hours < 192) return hours % 24 === 0 ? `${days}d` : `${days}d${hours % 24}h`;
  if (hours < 24 * 365 * 2) return `${days}d`;
  const years = Math.trunc(days / 365);
  if (hours < 24 * 365 * 8) return days % 365 === 0 ? `${years}y` : `${years}y${days % 365}d`;
  return `${years}y`;
}
