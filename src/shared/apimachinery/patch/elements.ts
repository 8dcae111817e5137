/**
 * One step of a field path, as FieldsV1 writes it: `f:spec` a member, `k:{"name":"main"}` a list item by its keys, `v:"x"` an item of a
 * set by its value, `i:0` an item by place. The text is canonical (keys sorted, JSON without spaces), so equal steps are equal texts.
 *
 * @source vendor/sigs.k8s.io/structured-merge-diff/v6/fieldpath/{element,serialize-pe}.go v1.36
 */
import { isObject, type JsonObject } from "./json.ts";

export const SELF = ".";

export const memberElement = (name: string) => `f:${name}`;
export const valueElement = (value: unknown) => `v:${escapeHtml(JSON.stringify(value))}`;

/** `keys` by name; callers give them sorted. */
export function keyElement(keys: JsonObject): string {
  return `k:${escapeHtml(JSON.stringify(keys))}`;
}

/** Upstream's encoder writes `<`, `>` and `&` inside values as escapes. */
function escapeHtml(json: string): string {
  if (!/[<>&\u2028\u2029]/.test(json)) return json;
  return json.replace(/[<>&\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

const RANK: Record<string, number> = { ".": 0, f: 1, k: 2, v: 3, i: 4 };

/** Upstream's order: members, keys, values, indices; numbers before texts. */
export function compareElements(a: string, b: string): number {
  if (a === b) return 0;
  const byKind = RANK[a[0]!]! - RANK[b[0]!]!;
  if (byKind !== 0) return byKind;
  if (a[0] === "f") return a < b ? -1 : 1;
  if (a[0] === "i") return Number(a.slice(2)) - Number(b.slice(2));
  return compareValues(JSON.parse(a.slice(2)), JSON.parse(b.slice(2)));
}

const valueRank = (value: unknown) => ["number", "string", "boolean"].indexOf(typeof value) + (isObject(value) ? 10 : 0);

function compareValues(a: unknown, b: unknown): number {
  if (isObject(a) && isObject(b)) return compareMembers(Object.entries(a), Object.entries(b));
  if (typeof a !== typeof b) return valueRank(a) - valueRank(b);
  if (a === b) return 0;
  return (a as string) < (b as string) ? -1 : 1;
}

function compareMembers(a: [string, unknown][], b: [string, unknown][]): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    if (a[i]![0] !== b[i]![0]) return a[i]![0] < b[i]![0] ? -1 : 1;
    const byValue = compareValues(a[i]![1], b[i]![1]);
    if (byValue !== 0) return byValue;
  }
  return a.length - b.length;
}

/** For people: `.spec`, `[name="main"]`, `[="x"]`, `[0]`. */
export function printElement(element: string): string {
  const content = element.slice(2);
  if (element.startsWith("f:")) return `.${content}`;
  if (element.startsWith("i:")) return `[${content}]`;
  const value: unknown = JSON.parse(content);
  if (element.startsWith("v:")) return `[=${printScalar(value)}]`;
  return `[${Object.entries(value as JsonObject)
    .map(([name, part]) => `${name}=${printScalar(part)}`)
    .join(",")}]`;
}

const printScalar = (value: unknown) => (typeof value === "string" ? JSON.stringify(value) : String(value));

/**
 * Reads an element that a client wrote.
 *
 * @returns its canonical text; undefined for a kind of element that is not known, which is left out
 * @throws Error where the text is malformed
 */
export function readElement(text: string): string | undefined {
  if (text.length < 2) throw new Error("key must be 2 characters long:");
  if (text[1] !== ":") throw new Error(`missing colon: ${text}`);
  const content = text.slice(2);
  if (text[0] === "f") return text;
  if (text[0] === "v") return valueElement(JSON.parse(content));
  if (text[0] === "i") return `i:${readIndex(content)}`;
  return text[0] === "k" ? keyElement(sortMembers(JSON.parse(content))) : undefined;
}

function readIndex(content: string): number {
  if (!/^[+-]?\d+$/.test(content)) throw new Error(`strconv.Atoi: parsing ${JSON.stringify(content)}: invalid syntax`);
  return Number(content);
}

function sortMembers(keys: unknown): JsonObject {
  if (!isObject(keys)) throw new Error("expected an object of keys");
  const names = Object.keys(keys).sort();
  return Object.fromEntries(names.map((name) => [name, keys[name]]));
}
