/**
 * From source to tree, macros recognised on the way.
 *
 * @source github.com/google/cel-spec doc/langdef.md, section Syntax
 */
import type { Expr } from "./ast.ts";
import { CelSyntaxError, tokens, type Token } from "./lexer.ts";

const OPERAND =
  "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";
const RELATIONS = new Set(["==", "!=", "<", "<=", ">", ">=", "in"]);
/** How many variables a macro may name before its expressions, and how many of these follow. */
const MACROS: Record<string, readonly [variables: number, expressions: number][]> = {
  all: [
    [1, 1],
    [2, 1],
  ],
  exists: [
    [1, 1],
    [2, 1],
  ],
  exists_one: [[1, 1]],
  existsOne: [
    [1, 1],
    [2, 1],
  ],
  map: [
    [1, 1],
    [1, 2],
  ],
  filter: [[1, 1]],
  transformList: [
    [2, 1],
    [2, 2],
  ],
  transformMap: [
    [2, 1],
    [2, 2],
  ],
  transformMapEntry: [
    [2, 1],
    [2, 2],
  ],
  optMap: [[1, 1]],
  optFlatMap: [[1, 1]],
};
const MAX_DEPTH = 250;

/** Throws CelSyntaxError. */
export function parse(source: string): Expr {
  return new Parser(tokens(source)).whole();
}

class Parser {
  readonly #tokens: Token[];
  #next = 0;
  #depth = 0;

  constructor(list: Token[]) {
    this.#tokens = list;
  }

  whole(): Expr {
    const expr = this.#expression();
    if (this.#peek().kind !== "end") throw this.#unexpected("<EOF>");
    return expr;
  }

  #peek(): Token {
    return this.#tokens[this.#next]!;
  }

  #sees(text: string): boolean {
    const { kind, text: found } = this.#peek();
    return found === text && (kind === "punctuation" || (kind === "name" && text === "in"));
  }

  #takes(text: string): Token | undefined {
    return this.#sees(text) ? this.#tokens[this.#next++] : undefined;
  }

  #expect(text: string): Token {
    return this.#takes(text) ?? fail(this.#unexpected(`'${text}'`));
  }

  #unexpected(expected: string): CelSyntaxError {
    const { text, at, kind } = this.#peek();
    if (kind === "end" || expected !== "<EOF>") return new CelSyntaxError(at, `mismatched input '${text}' expecting ${expected}`);
    return new CelSyntaxError(at, `extraneous input '${text}' expecting <EOF>`);
  }

  #expression(): Expr {
    if (++this.#depth > MAX_DEPTH) throw new CelSyntaxError(this.#peek().at, "expression recursion limit exceeded");
    const condition = this.#chain("||", () => this.#chain("&&", () => this.#relation()));
    const mark = this.#takes("?");
    this.#depth--;
    if (!mark) return condition;
    const yes = this.#chain("||", () => this.#chain("&&", () => this.#relation()));
    this.#expect(":");
    return { kind: "call", name: "_?_:_", args: [condition, yes, this.#expression()], at: mark.at };
  }

  #chain(operator: string, part: () => Expr): Expr {
    let left = part();
    for (;;) {
      const token = this.#takes(operator);
      if (!token) return left;
      left = { kind: "call", name: `_${operator}_`, args: [left, part()], at: token.at };
    }
  }

  #relation(): Expr {
    let left = this.#sum();
    for (;;) {
      const token = this.#peek();
      if (token.kind === "literal" || !RELATIONS.has(token.text)) return left;
      this.#next++;
      const name = token.text === "in" ? "@in" : `_${token.text}_`;
      left = { kind: "call", name, args: [left, this.#sum()], at: token.at };
    }
  }

  #sum(): Expr {
    return this.#operators(["+", "-"], () => this.#operators(["*", "/", "%"], () => this.#unary()));
  }

  #operators(operators: readonly string[], part: () => Expr): Expr {
    let left = part();
    for (;;) {
      const token = this.#peek();
      if (token.kind !== "punctuation" || !operators.includes(token.text)) return left;
      this.#next++;
      left = { kind: "call", name: `_${token.text}_`, args: [left, part()], at: token.at };
    }
  }

  #unary(): Expr {
    const token = this.#takes("!") ?? this.#takes("-");
    if (!token) return this.#member();
    const { kind, value, at } = this.#peek();
    if (token.text === "-" && kind === "literal" && (typeof value === "bigint" || typeof value === "number")) {
      this.#next++;
      return this.#members({ kind: "literal", value: typeof value === "bigint" ? -value : -value, at });
    }
    return { kind: "call", name: `${token.text}_`, args: [this.#unary()], at: token.at };
  }

  #member(): Expr {
    return this.#members(this.#primary());
  }

  #members(primary: Expr): Expr {
    let expr = primary;
    for (;;) {
      const dot = this.#takes(".");
      const bracket = dot ? undefined : this.#takes("[");
      const brace = dot || bracket || !typeName(expr) ? undefined : this.#takes("{");
      if (dot) expr = this.#afterDot(expr, dot.at);
      else if (bracket) {
        const name = this.#takes("?") ? "_[?_]" : "_[_]";
        expr = { kind: "call", name, args: [expr, this.#expression()], at: bracket.at };
        this.#expect("]");
      } else if (brace) expr = this.#struct(typeName(expr)!, brace.at);
      else return expr;
    }
  }

  #afterDot(target: Expr, dotAt: number): Expr {
    const optional = this.#takes("?") !== undefined;
    const name = this.#peek();
    if (name.kind !== "name")
      throw new CelSyntaxError(name.at, `no viable alternative at input '.${name.kind === "end" ? "" : name.text}'`);
    this.#next++;
    const open = optional ? undefined : this.#takes("(");
    if (!open) return { kind: "select", target, field: name.text, optional, at: dotAt };
    return (
      this.#macro(name.text, target, open.at) ?? { kind: "call", name: name.text, target, args: this.#list(")"), at: open.at }
    );
  }

  /** A call of a macro's name with variables where the macro has them. */
  #macro(name: string, target: Expr, at: number): Expr | undefined {
    const forms = MACROS[name];
    if (!forms) return undefined;
    const start = this.#next;
    const args = this.#list(")");
    for (const [variables, expressions] of forms) {
      if (args.length !== variables + expressions) continue;
      const names = args.slice(0, variables).map((arg) => (arg.kind === "ident" ? arg.name : undefined));
      if (names.includes(undefined)) throw new MacroError(args[0]!.at, "argument must be a simple name");
      const [first, second] = args.slice(variables);
      const body = second ?? first!;
      return { kind: "macro", name, target, variables: names as string[], ...(second && { filter: first! }), body, at };
    }
    this.#next = start;
    return undefined;
  }

  #primary(): Expr {
    const token = this.#tokens[this.#next++]!;
    const { at, kind, text } = token;
    if (kind === "literal") return { kind: "literal", value: token.value!, at };
    if (kind === "name" && text !== "in") return this.#named(text, at);
    if (text === "." && this.#peek().kind === "name") {
      const name = this.#tokens[this.#next++]!;
      return this.#named(name.text, at);
    }
    if (text === "(") {
      const inner = this.#expression();
      this.#expect(")");
      return inner;
    }
    if (text === "[") return { kind: "list", items: this.#items(), at };
    if (text === "{") return { kind: "map", entries: this.#entries(), at };
    this.#next--;
    throw this.#unexpected(OPERAND);
  }

  #named(name: string, at: number): Expr {
    const open = this.#takes("(");
    if (!open) return { kind: "ident", name, at };
    const args = this.#list(")");
    if (name !== "has" || args.length !== 1) return { kind: "call", name, args, at: open.at };
    const [of] = args;
    if (of!.kind !== "select") throw new MacroError(of!.at, "invalid argument to has() macro");
    return { kind: "has", target: of.target, field: of.field, at: of.at };
  }

  #list(end: string): Expr[] {
    const found: Expr[] = [];
    if (this.#takes(end)) return found;
    for (;;) {
      found.push(this.#expression());
      if (!this.#takes(",")) break;
    }
    this.#expect(end);
    return found;
  }

  #items(): { value: Expr; optional: boolean }[] {
    const found: { value: Expr; optional: boolean }[] = [];
    while (!this.#takes("]")) {
      const optional = this.#takes("?") !== undefined;
      found.push({ value: this.#expression(), optional });
      if (!this.#takes(",") && !this.#sees("]")) this.#expect("]");
    }
    return found;
  }

  #entries(): { key: Expr; value: Expr; optional: boolean }[] {
    const found: { key: Expr; value: Expr; optional: boolean }[] = [];
    while (!this.#takes("}")) {
      const optional = this.#takes("?") !== undefined;
      const key = this.#expression();
      this.#expect(":");
      found.push({ key, value: this.#expression(), optional });
      if (!this.#takes(",") && !this.#sees("}")) this.#expect("}");
    }
    return found;
  }

  #struct(type: string, at: number): Expr {
    const entries: { field: string; at: number; value: Expr; optional: boolean }[] = [];
    while (!this.#takes("}")) {
      const optional = this.#takes("?") !== undefined;
      const name = this.#tokens[this.#next++]!;
      if (name.kind !== "name") throw new CelSyntaxError(name.at, `mismatched input '${name.text}' expecting '}'`);
      const colon = this.#expect(":");
      entries.push({ field: name.text, value: this.#expression(), optional, at: colon.at });
      if (!this.#takes(",") && !this.#sees("}")) this.#expect("}");
    }
    return { kind: "struct", type, entries, at };
  }
}

/** Not of the grammar, so without its prefix. */
class MacroError extends CelSyntaxError {
  constructor(at: number, message: string) {
    super(at, message);
    this.message = message;
  }
}

/** `Object.spec.template` as a name of a type. */
function typeName(expr: Expr): string | undefined {
  if (expr.kind === "ident") return expr.name;
  if (expr.kind !== "select" || expr.optional) return undefined;
  const head = typeName(expr.target);
  return head && `${head}.${expr.field}`;
}

function fail(error: Error): never {
  throw error;
}
