/**
 * YAML as Kubernetes reads it (YAML 1.1 scalars, first document only, turned into JSON values) and as it writes it.
 *
 * Loaded only when a YAML body arrives: the parser is the largest part of it.
 *
 * @source vendor/sigs.k8s.io/yaml and its goyaml.v2
 */
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  stringify,
  type Document,
  type Node,
  type YAMLError,
} from "yaml";

/** The text is no YAML; the message begins with `yaml: ` as Go's does. */
export class YamlError extends Error {
  override readonly name = "YamlError";
}

export interface ParsedYaml {
  /** A JSON value; keys of maps are sorted, as they are after Go's conversion. null for an empty text. */
  value: unknown;
  /** `line 3: key "name" already set in map`. */
  duplicates: string[];
}

/** Neither timestamps nor base-60 numbers: goyaml keeps both as strings. */
const withoutTimes = (tags: any[]) => tags.filter((t) => t.tag !== "tag:yaml.org,2002:timestamp" && t.format !== "TIME");

export function parseYaml(text: string): ParsedYaml {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, {
    version: "1.1",
    uniqueKeys: false,
    prettyErrors: false,
    lineCounter: lines,
    customTags: withoutTimes as never,
    logLevel: "silent",
  });
  const document = (Array.isArray(documents) ? documents[0] : undefined) as Document | undefined;
  if (!document) return { value: null, duplicates: [] };
  const fault = document.errors[0];
  if (fault) throw new YamlError(goText(fault, lines, text));
  try {
    return { value: toJson(document.toJS({ maxAliasCount: 1000 })), duplicates: duplicateKeys(document.contents, lines) };
  } catch (cause) {
    throw new YamlError("yaml: document contains excessive aliasing", { cause });
  }
}

function goText(fault: YAMLError, lines: LineCounter, text: string): string {
  const line = lines.linePos(fault.pos[0]).line;
  const at = line > 1 ? `line ${line}: ` : "";
  switch (fault.code) {
    case "BLOCK_AS_IMPLICIT_KEY":
      return `yaml: ${at}mapping values are not allowed in this context`;
    case "TAB_AS_INDENT":
      return `yaml: ${at}found character that cannot start any token`;
    case "BAD_INDENT":
      return /flow/i.test(fault.message)
        ? `yaml: line ${line}: did not find expected ',' or '}'`
        : `yaml: ${at}did not find expected key`;
    case "MISSING_CHAR":
      if (/flow|\}|\]/.test(fault.message))
        return `yaml: line ${line}: did not find expected ',' or '${text.lastIndexOf("[") > text.lastIndexOf("{") ? "]" : "}"}'`;
      if (/quote/.test(fault.message)) return `yaml: ${at}found unexpected end of stream`;
      return `yaml: ${at}could not find expected ':'`;
    default:
      return `yaml: ${at}${fault.message.charAt(0).toLowerCase()}${fault.message.slice(1)}`;
  }
}

function duplicateKeys(node: Node | null, lines: LineCounter): string[] {
  const found: string[] = [];
  const visit = (n: unknown): void => {
    if (isSeq(n)) n.items.forEach(visit);
    if (!isMap(n) || isAlias(n)) return;
    const seen = new Set<unknown>();
    for (const pair of n.items) {
      const key = isScalar(pair.key) ? pair.key.value : pair.key;
      if (seen.has(key)) {
        const line = isScalar(pair.key) && pair.key.range ? lines.linePos(pair.key.range[0]).line : 0;
        found.push(`line ${line}: key ${JSON.stringify(key)} already set in map`);
      }
      seen.add(key);
      visit(pair.value);
    }
  };
  visit(node);
  return found;
}

function toJson(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("latin1");
  if (value instanceof Set) return toJson(Object.fromEntries([...value].map((k) => [String(k), null])));
  if (value instanceof Map) return toJson(Object.fromEntries(value));
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return Object.fromEntries(entries.map(([k, v]) => [k, toJson(v)]));
}

/** Keys sorted, lists not indented, as Go's converter writes it. */
export function formatYaml(value: unknown): string {
  return stringify(value, { version: "1.1", indentSeq: false, lineWidth: 0, sortMapEntries: true, aliasDuplicateObjects: false });
}
