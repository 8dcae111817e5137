/**
 * Rules that could cost too much are refused with their definition.
 *
 * @source staging/src/k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation/{validation,cel_validation}.go v1.36
 */
import { forbidden, type FieldError } from "../../../../shared/apimachinery/field-error.ts";
import { additionalOf, type Props } from "../structural.ts";
import { estimatedCost } from "./cost.ts";
import type { CompiledRule } from "./compile.ts";
import { MAX_REQUEST, sizeOf } from "./sizes.ts";

const RULE_LIMIT = 10_000_000;
const SCHEMA_LIMIT = 100_000_000;
const TOLD = 4;

export class Budget {
  #total = 0;
  readonly #expensive: { path: string; cost: number }[] = [];

  observe(path: string, cost: number): void {
    this.#total += cost;
    if (cost < SCHEMA_LIMIT / 100) return;
    this.#expensive.push({ path, cost });
    this.#expensive.sort((a, b) => (a.cost === b.cost ? 0 : b.cost - a.cost)).splice(TOLD);
  }

  errors(path: string): FieldError[] {
    if (this.#total <= SCHEMA_LIMIT) return [];
    const contributed = "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema";
    const name = "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema";
    return [
      ...this.#expensive.map((e) => forbidden(e.path, contributed)),
      forbidden(path, tooMuch(name, this.#total, SCHEMA_LIMIT)),
    ];
  }
}

function tooMuch(name: string, cost: number, limit: number): string {
  const times = cost / limit;
  const factor = times > 100 ? "more than 100x" : times < 1.5 ? `${times.toFixed(6)}x` : `${times.toFixed(1)}x`;
  return `${name} exceeds budget by factor of ${factor} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`;
}

/** How often a schema's values can stand in one object; undefined: no telling. */
export type Cardinality = number | undefined;

export function cardinalityBelow(props: Props, own: Cardinality): Cardinality {
  const most = props.type === "array" ? props.maxItems : props.type === "object" && additionalOf(props) ? props.maxProperties : 1;
  return own === undefined || most === undefined ? undefined : own * most;
}

/** What one rule and its message can cost, told where that is too much. */
export function costErrors(
  compiled: CompiledRule,
  props: Props,
  resource: boolean,
  at: string,
  often: Cardinality,
  budget: Budget,
): FieldError[] {
  const sized = sizeOf(props, resource);
  if (!sized) return [];
  const errors: FieldError[] = [];
  const check = (path: string, name: string, cost: number) => {
    if (cost > RULE_LIMIT) errors.push(forbidden(path, tooMuch(name, cost, RULE_LIMIT)));
    budget.observe(path, cost);
  };
  const variables = { self: sized, oldSelf: sized };
  const optional = compiled.rule.optionalOldSelf ? "oldSelf" : undefined;
  const times = often ?? Math.floor(MAX_REQUEST / (sized.min + 1));
  if (compiled.program) {
    const once = estimatedCost(compiled.program.expression, variables, optional);
    check(`${at}.rule`, "estimated rule cost", once === 0 ? 0 : once * times);
  }
  if (compiled.message)
    check(
      `${at}.messageExpression`,
      "estimated messageExpression cost",
      estimatedCost(compiled.message.expression, variables, optional),
    );
  return errors;
}
