/**
 * The paths of printer columns: kubectl's JSONPath, as far as it names values.
 *
 * `.a.b`, `['a']`, `[0]`, `[-1:]`, `[0,2]`, `[*]`, `..a`, `[?(@.a=="b")]`.
 *
 * @source staging/src/k8s.io/client-go/util/jsonpath v1.36
 */
export type JsonPath = (root: unknown) => unknown[];

type Step = (values: unknown[]) => unknown[];

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Throws where the text is no path. */
export function parseJsonPath(text: string): JsonPath {
  const steps = new Reader(text).steps();
  return (root) => steps.reduce<unknown[]>((values, step) => step(values), [root]);
}

class Reader {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  steps(): Step[] {
    const steps: Step[] = [];
    if (this.text[this.at] === "$" || this.text[this.at] === "@") this.at++;
    while (this.at < this.text.length) steps.push(this.step());
    return steps;
  }

  private step(): Step {
    const char = this.text[this.at];
    if (char === "[") return this.bracket();
    if (char === ".") {
      this.at++;
      if (this.text[this.at] === ".") {
        this.at++;
        const inner = this.text[this.at] === "[" ? this.bracket() : this.name();
        return (values) => inner(values.flatMap(descendants));
      }
      if (this.text[this.at] === "[") return this.bracket();
    }
    return this.name();
  }

  private name(): Step {
    let name = "";
    for (; this.at < this.text.length && !/[.[\]\s,{}$@()?*!<>=|&;:%#"'`]/.test(this.text[this.at]!); this.at++) {
      if (this.text[this.at] === "\\") this.at++;
      name += this.text[this.at] ?? "";
    }
    if (this.text[this.at] === "*" && name === "") {
      this.at++;
      return (values) => values.flatMap(children);
    }
    if (name === "" && this.at < this.text.length) throw new Error(`unexpected ${JSON.stringify(this.text[this.at])}`);
    return name === "" ? (values) => values : member(name);
  }

  private bracket(): Step {
    const end = this.closing();
    const inner = this.text.slice(this.at + 1, end).trim();
    this.at = end + 1;
    if (inner === "*") return (values) => values.flatMap(children);
    if (inner.startsWith("?(") && inner.endsWith(")")) return filter(inner.slice(2, -1));
    const parts = inner.match(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^,]+/g) ?? [];
    const steps = parts.map((part) => selector(part.trim()));
    if (!steps.length) throw new Error("empty brackets");
    return (values) => steps.flatMap((step) => step(values));
  }

  /** The bracket that closes the one here; quoted text is passed over. */
  private closing(): number {
    let depth = 0;
    let quote = "";
    for (let i = this.at; i < this.text.length; i++) {
      const char = this.text[i]!;
      if (char === "\\") i++;
      else if (quote) quote = char === quote ? "" : quote;
      else if (char === "'" || char === '"') quote = char;
      else if (char === "[") depth++;
      else if (char === "]" && --depth === 0) return i;
    }
    throw new Error("unterminated array");
  }
}

function member(name: string): Step {
  return (values) => values.flatMap((v) => (isObject(v) && Object.hasOwn(v, name) ? [v[name]] : []));
}

function selector(part: string): Step {
  if (/^(['"]).*\1$/.test(part)) return member(part.slice(1, -1).replace(/\\(.)/g, "$1"));
  if (/^-?\d+$/.test(part)) return slice(Number(part), undefined, 1, true);
  const range = /^(-?\d*):(-?\d*)(?::(-?\d*))?$/.exec(part);
  if (!range) throw new Error(`invalid array index ${part}`);
  const [, from, to, by] = range;
  return slice(from ? Number(from) : 0, to ? Number(to) : undefined, by ? Number(by) : 1, false);
}

function slice(from: number, to: number | undefined, by: number, single: boolean): Step {
  const of = (list: unknown[]): unknown[] => {
    const start = from < 0 ? list.length + from : from;
    if (single) return start >= 0 && start < list.length ? [list[start]] : [];
    const end = to === undefined ? list.length : to < 0 ? list.length + to : Math.min(to, list.length);
    const out: unknown[] = [];
    for (let i = Math.max(start, 0); by > 0 && i < end; i += by) out.push(list[i]);
    return out;
  };
  return (values) => values.flatMap((v) => (Array.isArray(v) ? of(v) : []));
}

const COMPARE: Readonly<Record<string, (a: never, b: never) => boolean>> = {
  "==": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
};

function filter(text: string): Step {
  const match = /^(.*?)\s*(==|!=|<=|>=|<|>)\s*(.*)$/.exec(text);
  const left = operand((match ? match[1]! : text).trim());
  if (!match) return (values) => values.flatMap((v) => (Array.isArray(v) ? v.filter((item) => left(item).length > 0) : []));
  const right = operand(match[3]!.trim());
  const compare = COMPARE[match[2]!]!;
  const keeps = (item: unknown) => {
    const [a, b] = [left(item), right(item)];
    return a.length === 1 && b.length === 1 && typeof a[0] === typeof b[0] && compare(a[0] as never, b[0] as never);
  };
  return (values) => values.flatMap((v) => (Array.isArray(v) ? v.filter(keeps) : []));
}

function operand(text: string): JsonPath {
  if (text.startsWith("@") || text.startsWith("$")) return parseJsonPath(text);
  if (/^(['"]).*\1$/.test(text)) return () => [text.slice(1, -1)];
  if (text === "true" || text === "false") return () => [text === "true"];
  const number = Number(text);
  if (text === "" || Number.isNaN(number)) throw new Error(`unrecognized operand ${text}`);
  return () => [number];
}

function children(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  return isObject(value)
    ? Object.keys(value)
        .sort()
        .map((key) => value[key])
    : [];
}

function descendants(value: unknown): unknown[] {
  return [value, ...children(value).flatMap(descendants)];
}
