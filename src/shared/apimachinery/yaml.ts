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
    const anchor = /^Unresolved alias.*: (.*)$/.exec((cause as Error).message)?.[1];
    throw new YamlError(anchor ? `yaml: unknown anchor '${anchor}' referenced` : "yaml: document contains excessive aliasing", {
      cause,
    });
  }
}

/**
 * Go counts lines from 0 and leaves line 0 out; its scanner adds one to the line, its parser does not, and the end of the text is on a
 * line of its own.
 */
function goText(fault: YAMLError, lines: LineCounter, text: string): string {
  const line = lines.linePos(fault.pos[0]).line;
  const scanner = line > 1 ? `line ${line}: ` : "";
  const atEnd = fault.pos[0] >= text.trimEnd().length;
  const parserLine = atEnd ? text.replace(/\n$/, "").split("\n").length : line - 1;
  const parser = parserLine > 0 ? `line ${parserLine}: ` : "";
  const unclosed = `yaml: ${parser}did not find expected ',' or '${text.lastIndexOf("[") > text.lastIndexOf("{") ? "]" : "}"}'`;
  switch (fault.code) {
    case "BLOCK_AS_IMPLICIT_KEY":
      return `yaml: ${scanner}mapping values are not allowed in this context`;
    case "TAB_AS_INDENT":
      return `yaml: ${scanner}found character that cannot start any token`;
    case "BAD_INDENT":
      return /flow/i.test(fault.message) ? unclosed : `yaml: ${parser}did not find expected key`;
    case "MISSING_CHAR":
      if (/flow|\}|\]/.test(fault.message)) return unclosed;
      if (/quote/.test(fault.message)) return `yaml: ${parser}found unexpected end of stream`;
      return `yaml: ${scanner}could not find expected ':'`;
    default:
      return `yaml: ${scanner}${fault.message.charAt(0).toLowerCase()}${fault.message.slice(1)}`;
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

/** A lone dot is no number to Go. */
const withoutDots = (tags: any[]) =>
  tags.map((t) =>
    t.tag === "tag:yaml.org,2002:float" && t.test?.test(".") ? { ...t, test: /^[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9_]+)$/ } : t,
  );

/** Keys sorted, lists not indented, as Go's converter writes it. */
export function formatYaml(value: unknown): string {
  return stringify(value, {
    version: "1.1",
    indentSeq: false,
    lineWidth: 0,
    sortMapEntries: true,
    aliasDuplicateObjects: false,
    customTags: withoutDots as never,
  });
}
