/** Whether two parts of an object say the same: absent or empty lists and maps are one, quantities count by value. */
import { compareQuantities } from "../../../apimachinery/quantity.ts";

const AMOUNTS = new Set(["limits", "requests", "overhead", "capacity"]);
/** Maps, and structures that are always there; any other empty structure is something. */
const EMPTY_IS_NOTHING = new Set([
  "labels",
  "annotations",
  "matchLabels",
  "nodeSelector",
  "limits",
  "requests",
  "overhead",
  "capacity",
  "options",
  "volumeAttributes",
  "metadata",
  "resources",
]);

export function sameMeaning(a: unknown, b: unknown, name = ""): boolean {
  if (a === b) return true;
  if (isNothing(a, name) || isNothing(b, name)) return isNothing(a, name) && isNothing(b, name);
  if (typeof a !== "object" || typeof b !== "object" || Array.isArray(a) !== Array.isArray(b)) return false;
  if (Array.isArray(a)) return a.length === (b as unknown[]).length && a.every((one, i) => sameMeaning(one, (b as unknown[])[i]));
  const [x, y] = [a as Record<string, unknown>, b as Record<string, unknown>];
  for (const key in x) if (x[key] !== y[key] && !sameMember(x, y, key, name)) return false;
  for (const key in y) if (!(key in x) && !isNothing(y[key], key)) return false;
  return true;
}

function sameMember(x: Record<string, unknown>, y: Record<string, unknown>, key: string, name: string): boolean {
  const [a, b] = [x[key], y[key]];
  if (AMOUNTS.has(name) && typeof a === "string" && typeof b === "string") return compareQuantities(a, b) === 0;
  return sameMeaning(a, b, key);
}

function isNothing(value: unknown, name: string): boolean {
  if (value === undefined || value === null) return true;
  if (typeof value !== "object") return false;
  if (!Array.isArray(value) && !EMPTY_IS_NOTHING.has(name)) return false;
  const members = Object.values(value);
  return members.length === 0 || (name === "resources" && members.every((one) => isNothing(one, "limits")));
}

/** The members that differ, one line each way: `-spec.hostname: "a"`, `+spec.hostname: "b"`. */
export function differences(path: string, old: unknown, now: unknown): string {
  const lines: string[] = [];
  collect(path, old, now, lines);
  return lines.join("\n");
}

function collect(path: string, old: unknown, now: unknown, lines: string[]): void {
  if (sameMeaning(old, now, path.slice(path.lastIndexOf(".") + 1))) return;
  if (isObject(old) && isObject(now) && Array.isArray(old) === Array.isArray(now)) {
    for (const key of new Set([...Object.keys(old), ...Object.keys(now)]))
      collect(Array.isArray(old) ? `${path}[${key}]` : `${path}.${key}`, old[key], now[key], lines);
    return;
  }
  if (old !== undefined) lines.push(`-${path}: ${JSON.stringify(old)}`);
  if (now !== undefined) lines.push(`+${path}: ${JSON.stringify(now)}`);
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
