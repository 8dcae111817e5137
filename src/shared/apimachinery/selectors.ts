/**
 * Label selectors, as text (`app=web,tier in (a,b),!old`) and as the API object, and how they match.
 *
 * @source staging/src/k8s.io/apimachinery/pkg/labels/selector.go v1.36 (grammar and messages)
 */
import { formatBadValue } from "./field-error.ts";
import type { LabelSelector } from "./meta.ts";
import { isLabelKey, isLabelValue } from "./validation.ts";

export type Labels = Readonly<Record<string, string>>;
export type LabelOperator = "=" | "==" | "!=" | "in" | "notin" | "exists" | "!" | "gt" | "lt";

export interface LabelRequirement {
  key: string;
  operator: LabelOperator;
  values: readonly string[];
}

/** The selector does not parse or is not valid; the message is upstream's. */
export class SelectorError extends Error {
  override readonly name = "SelectorError";
}

/** All requirements must hold. Made by the functions below, which keep them sorted by key. */
export class Selector {
  readonly requirements: readonly LabelRequirement[];
  /** Matches no labels at all, whatever the requirements. */
  readonly nothing: boolean;

  constructor(requirements: readonly LabelRequirement[], nothing = false) {
    this.requirements = [...requirements].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
    this.nothing = nothing;
  }

  get empty(): boolean {
    return !this.nothing && this.requirements.length === 0;
  }

  matches(labels: Labels | undefined): boolean {
    if (this.nothing) return false;
    for (const r of this.requirements) if (!holds(r, labels)) return false;
    return true;
  }

  toString(): string {
    return this.requirements.map(format).join(",");
  }
}

const everything = new Selector([]);
export const nothing = new Selector([], true);

function holds(r: LabelRequirement, labels: Labels | undefined): boolean {
  const value = labels !== undefined && Object.hasOwn(labels, r.key) ? labels[r.key] : undefined;
  switch (r.operator) {
    case "=":
    case "==":
    case "in":
      return value !== undefined && r.values.includes(value);
    case "!=":
    case "notin":
      return value === undefined || !r.values.includes(value);
    case "exists":
      return value !== undefined;
    case "!":
      return value === undefined;
    default:
      return value !== undefined && compare(r, value);
  }
}

const INTEGER = /^[+-]?\d+$/;

function compare(r: LabelRequirement, value: string): boolean {
  if (!INTEGER.test(value)) return false;
  const [a, b] = [BigInt(value.replace("+", "")), BigInt(r.values[0]!.replace("+", ""))];
  return r.operator === "gt" ? a > b : a < b;
}

const SIGNS: Partial<Record<LabelOperator, string>> = {
  "=": "=",
  "==": "==",
  "!=": "!=",
  in: " in ",
  notin: " notin ",
  gt: ">",
  lt: "<",
};

function format(r: LabelRequirement): string {
  if (r.operator === "exists") return r.key;
  if (r.operator === "!") return `!${r.key}`;
  const values = [...r.values].sort().join(",");
  return r.key + SIGNS[r.operator] + (r.operator === "in" || r.operator === "notin" ? `(${values})` : values);
}

/** All of these pairs, unchecked; absent or empty matches everything. */
export function selectorFromSet(labels: Labels | undefined): Selector {
  return new Selector(Object.entries(labels ?? {}).map(([key, value]) => ({ key, operator: "=", values: [value] })));
}

const OPERATORS: Readonly<Record<string, LabelOperator>> = { In: "in", NotIn: "notin", Exists: "exists", DoesNotExist: "!" };

/** Of the API object: absent matches nothing, empty matches everything. Throws `SelectorError`. */
export function selectorFromObject(selector: LabelSelector | undefined | null): Selector {
  if (!selector) return nothing;
  const requirements = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => requirement(key, "=", [value]));
  for (const e of selector.matchExpressions ?? []) {
    const operator = OPERATORS[e.operator];
    if (!operator) throw new SelectorError(`${JSON.stringify(e.operator)} is not a valid label selector operator`);
    requirements.push(requirement(e.key, operator, e.values ?? []));
  }
  return requirements.length ? new Selector(requirements) : everything;
}

/** One checked requirement; throws `SelectorError` with every fault. */
function requirement(key: string, operator: LabelOperator, values: readonly string[]): LabelRequirement {
  const faults = isLabelKey(key).length ? [`key: Invalid value: ${JSON.stringify(key)}: ${isLabelKey(key).join("; ")}`] : [];
  const wrongCount = countFault(operator, values);
  if (wrongCount) faults.push(`values: Invalid value: ${formatBadValue(values)}: ${wrongCount}`);
  values.forEach((v, i) => {
    if ((operator === "gt" || operator === "lt") && !INTEGER.test(v)) {
      faults.push(`values[${i}]: Invalid value: ${JSON.stringify(v)}: for 'Gt', 'Lt' operators, the value must be an integer`);
    }
  });
  values.forEach((v, i) => {
    const wrong = isLabelValue(v);
    if (wrong.length) faults.push(`values[${i}][${key}]: Invalid value: ${JSON.stringify(v)}: ${wrong.join("; ")}`);
  });
  if (faults.length) throw new SelectorError(faults.length === 1 ? faults[0] : `[${faults.join(", ")}]`);
  return { key, operator, values };
}

function countFault(operator: LabelOperator, values: readonly string[]): string | undefined {
  const n = values.length;
  if (operator === "in" || operator === "notin") return n ? undefined : "for 'in', 'notin' operators, values set can't be empty";
  if (operator === "exists" || operator === "!") return n ? "values set must be empty for exists and does not exist" : undefined;
  if (n === 1) return undefined;
  return operator === "gt" || operator === "lt"
    ? "for 'Gt', 'Lt' operators, exactly one value is required"
    : "exact-match compatibility requires one single value";
}

type TokenKind = "identifier" | "end" | "error" | ")" | "(" | "," | "!" | "==" | "=" | "!=" | ">" | "<" | "in" | "notin";

interface Token {
  kind: TokenKind;
  text: string;
}

const SYMBOLS = new Set([")", "(", ",", "!", "==", "=", "!=", ">", "<"]);
const OPERATOR_TOKENS: Partial<Record<TokenKind, LabelOperator>> = {
  in: "in",
  notin: "notin",
  "=": "=",
  "==": "==",
  "!=": "!=",
  ">": "gt",
  "<": "lt",
};

/** `a in (b,c)` → identifier `a`, `in`, `(`, identifier `b`, `,`, identifier `c`, `)`, end. */
function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  for (const m of text.matchAll(/[^=!(),><\s]+|[=!(),><]+/g)) {
    if (!"=!(),><".includes(m[0][0]!)) {
      tokens.push({ kind: m[0] === "in" || m[0] === "notin" ? m[0] : "identifier", text: m[0] });
      continue;
    }
    for (let i = 0; i < m[0].length;) {
      const two = m[0].slice(i, i + 2);
      const symbol = SYMBOLS.has(two) ? two : m[0][i]!;
      tokens.push({ kind: symbol as TokenKind, text: symbol });
      i += symbol.length;
    }
  }
  tokens.push({ kind: "end", text: "" });
  return tokens;
}

/** Parses the text form; throws `SelectorError` with upstream's message. */
export function parseSelector(text: string): Selector {
  if (text === "") return everything;
  return new Selector(new Parser(tokenize(text)).parse());
}

class Parser {
  private readonly tokens: Token[];
  private at = 0;

  constructor(tokens: Token[]) {
    this.tokens = tokens;
  }

  parse(): LabelRequirement[] {
    const requirements: LabelRequirement[] = [];
    for (;;) {
      const token = this.peek();
      if (token.kind === "end") return requirements;
      if (token.kind !== "identifier" && token.kind !== "!") throw found(token, ", expected: !, identifier, or 'end of string'");
      requirements.push(this.requirementAfterPrefix());
      const next = this.take();
      if (next.kind === "end") return requirements;
      if (next.kind !== ",") throw found(next, ", expected: ',' or 'end of string'");
      const after = this.peek();
      if (after.kind !== "identifier" && after.kind !== "!") throw found(after, ", expected: identifier after ','");
    }
  }

  private requirementAfterPrefix(): LabelRequirement {
    try {
      return this.requirement();
    } catch (error) {
      if (error instanceof SelectorError) throw new SelectorError(`unable to parse requirement: ${error.message}`);
      throw error;
    }
  }

  private requirement(): LabelRequirement {
    const negated = this.peek().kind === "!";
    if (negated) this.take();
    const key = this.take();
    if (key.kind !== "identifier") throw found(key, ", expected: identifier");
    const wrong = isLabelKey(key.text);
    if (wrong.length) throw new SelectorError(`<nil>: Invalid value: ${JSON.stringify(key.text)}: ${wrong.join("; ")}`);
    if (negated) return requirement(key.text, "!", []);
    const next = this.peek().kind;
    if (next === "end" || next === ",") return requirement(key.text, "exists", []);
    const sign = this.takeRaw();
    const operator = OPERATOR_TOKENS[sign.kind];
    if (!operator) throw found(sign, ", expected: in, notin, =, ==, !=, gt, lt");
    const values = operator === "in" || operator === "notin" ? this.values() : [this.exactValue()];
    return requirement(key.text, operator, [...new Set(values)].sort());
  }

  private values(): string[] {
    const open = this.take();
    if (open.kind !== "(") throw found(open, " expected: '('");
    const first = this.peek();
    if (first.kind === ")") {
      this.take();
      return [""];
    }
    if (first.kind !== "identifier" && first.kind !== ",") throw found(first, ", expected: ',', ')' or identifier");
    const values = this.identifiers();
    this.take();
    return values;
  }

  /** Up to the closing parenthesis, which stays; an empty place between commas is the empty value. */
  private identifiers(): string[] {
    const values: string[] = [];
    for (;;) {
      const token = this.take();
      const next = this.peek();
      if (token.kind === "identifier") {
        values.push(token.text);
        if (next.kind === ")") return values;
        if (next.kind !== ",") throw found(next, ", expected: ',' or ')'");
      } else if (token.kind === ",") {
        if (values.length === 0 || next.kind === ",") values.push("");
        if (next.kind === ")") return [...values, ""];
      } else throw found(token, ", expected: ',', or identifier");
    }
  }

  private exactValue(): string {
    const next = this.peek();
    if (next.kind === "end" || next.kind === ",") return "";
    const token = this.take();
    if (token.kind !== "identifier") throw found(token, ", expected: identifier");
    return token.text;
  }

  private peek(): Token {
    return asValue(this.tokens[Math.min(this.at, this.tokens.length - 1)]!);
  }

  private take(): Token {
    return asValue(this.takeRaw());
  }

  private takeRaw(): Token {
    return this.tokens[Math.min(this.at++, this.tokens.length - 1)]!;
  }
}

/** `in` and `notin` are identifiers wherever no operator is expected. */
function asValue(token: Token): Token {
  return token.kind === "in" || token.kind === "notin" ? { kind: "identifier", text: token.text } : token;
}

const found = (token: Token, rest: string) => new SelectorError(`found '${token.text}'${rest}`);
