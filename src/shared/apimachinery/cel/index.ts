/**
 * CEL, the expression language of admission policies and of the schemas of custom resources: parsed, checked against the types of its
 * variables, and run over plain JSON documents.
 *
 * @source github.com/google/cel-spec; the functions that Kubernetes adds: staging/src/k8s.io/apiserver/pkg/cel v1.36
 */
import { showIssues, type CelIssue, type Expr } from "./ast.ts";
import { check, type Declarations } from "./check.ts";
import { evaluate, type Scope } from "./evaluate.ts";
import { kubernetes } from "./functions/index.ts";
import { CelSyntaxError } from "./lexer.ts";
import type { Library } from "./library.ts";
import { parse } from "./parser.ts";
import type { CelType } from "./types.ts";

export {
  AssociativeList,
  CelError,
  equal,
  Duration,
  Optional,
  Struct,
  Timestamp,
  Double,
  entryOf,
  keysOf,
  numberOf,
  typeNameOf,
} from "./values.ts";
export { dyn, listOf, mapOf, objectType, optionalOf, parseType, showType, type, type CelType } from "./types.ts";
export { kubernetes } from "./functions/index.ts";

export interface Environment {
  /** Types of the variables by name; a function where there is no telling them all beforehand. */
  variables: Readonly<Record<string, CelType>> | Declarations;
  /** What `Name{field: value}` may construct. */
  types?: Declarations;
  /** Default: the language's functions and those of Kubernetes. */
  library?: Library;
}

export interface Program {
  readonly source: string;
  readonly expression: Expr;
  /** What it evaluates to, as far as that is known beforehand. */
  readonly type: CelType;
  /** Runs it. Throws CelError. A variable may be a getter, evaluated when it is first used. */
  evaluate(variables: Readonly<Record<string, unknown>>): unknown;
}

export type Compiled = { program: Program } | { issues: CelIssue[]; text: string };

const STEPS = 1_000_000;

/** The program, or what is wrong with it: `text` is all of it as clients are told, with lines and marks. */
export function compile(source: string, { variables, types, library = kubernetes }: Environment): Compiled {
  const declared: Declarations =
    typeof variables === "function" ? variables : (name) => (Object.hasOwn(variables, name) ? variables[name] : undefined);
  let expression: Expr;
  try {
    expression = parse(source);
  } catch (error) {
    if (!(error instanceof CelSyntaxError)) throw error;
    return wrong(source, [{ at: error.at, message: error.message }]);
  }
  const checked = check(expression, { library, variables: declared, ...(types && { types }) });
  if (checked.issues.length) return wrong(source, checked.issues);
  return {
    program: {
      source,
      expression,
      type: checked.type,
      evaluate: (values) => evaluate(expression, scopeOf(values), { library, budget: { steps: STEPS } }),
    },
  };
}

const wrong = (source: string, issues: CelIssue[]) => ({ issues, text: showIssues(source, issues) });

/** Declared without a value is null. */
function scopeOf(values: Readonly<Record<string, unknown>>): Scope {
  return {
    get(name) {
      if (!Object.hasOwn(values, name)) return undefined;
      const value = values[name];
      return value === undefined ? null : value;
    },
  };
}
