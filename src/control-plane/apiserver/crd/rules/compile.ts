/** The rules of one schema as programs, made once. */
import type { Expr } from "../../../../shared/apimachinery/cel/ast.ts";
import { compile, optionalOf, type CelType, type Program } from "../../../../shared/apimachinery/cel/index.ts";
import type { ValidationRule } from "../../../../shared/api/generated/apiextensions-v1.ts";
import type { Props } from "../structural.ts";
import { typeOf } from "./types.ts";

export interface CompiledRule {
  rule: ValidationRule;
  /** Absent: it does not compile. */
  program?: Program;
  error?: string;
  message?: Program;
  messageError?: string;
  usesOldSelf: boolean;
}

const compiled = new WeakMap<Props, CompiledRule[]>();

/** `resource`: rules at the root of a custom resource. */
export function rulesOf(props: Props, resource: boolean): CompiledRule[] {
  let rules = compiled.get(props);
  if (!rules) {
    const self = typeOf(props, resource);
    rules = (props["x-kubernetes-validations"] ?? []).map((rule) => compileRule(rule, self));
    compiled.set(props, rules);
  }
  return rules;
}

function compileRule(rule: ValidationRule, self: CelType | undefined): CompiledRule {
  if (!self) return { rule, error: "compilation failed: the schema has no type", usesOldSelf: false };
  const oldSelf = rule.optionalOldSelf ? optionalOf(self) : self;
  const variables = { self, oldSelf };
  const out: CompiledRule = { rule, usesOldSelf: false };
  const made = compile(rule.rule, { variables });
  if ("text" in made) out.error = `compilation failed: ${made.text}`;
  else if (made.program.type.name !== "bool") out.error = "cel expression must evaluate to a bool";
  else {
    out.program = made.program;
    out.usesOldSelf = mentions(made.program.expression, "oldSelf");
  }
  if (!rule.messageExpression || out.error) return out;
  const message = compile(rule.messageExpression, { variables });
  if ("text" in message) out.messageError = `messageExpression compilation failed: ${message.text}`;
  else if (message.program.type.name !== "string") out.messageError = "messageExpression must evaluate to a string";
  else out.message = message.program;
  return out;
}

function mentions(expr: Expr, name: string): boolean {
  if (expr.kind === "ident") return expr.name === name;
  return children(expr).some((child) => mentions(child, name));
}

function children(expr: Expr): Expr[] {
  switch (expr.kind) {
    case "literal":
    case "ident":
      return [];
    case "select":
    case "has":
      return [expr.target];
    case "call":
      return [...(expr.target ? [expr.target] : []), ...expr.args];
    case "list":
      return expr.items.map(({ value }) => value);
    case "map":
      return expr.entries.flatMap(({ key, value }) => [key, value]);
    case "struct":
      return expr.entries.map(({ value }) => value);
    case "macro":
      return [expr.target, ...(expr.filter ? [expr.filter] : []), expr.body];
  }
}
