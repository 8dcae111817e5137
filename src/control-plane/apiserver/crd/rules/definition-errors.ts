/**
 * What is wrong with the rules of a definition's schema.
 *
 * @source staging/src/k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go v1.36
 */
import type { ValidationRule } from "../../../../shared/api/generated/apiextensions-v1.ts";
import { invalidValue, type FieldError } from "../../../../shared/apimachinery/field-error.ts";
import { additionalOf, itemsOf, type Props } from "../structural.ts";
import { rulesOf } from "./compile.ts";
import { Budget, cardinalityBelow, costErrors, type Cardinality } from "./limits.ts";
import { hasRules } from "./run.ts";

/** At the root of a definition's schema. `changed`: costs matter. */
export function ruleDefinitionErrors(props: Props, path: string, changed: boolean): FieldError[] {
  const budget = new Budget();
  const errors = below(props, { path, resource: true, often: 1, budget });
  if (changed) return [...errors.map(({ error }) => error), ...budget.errors(path)];
  return errors.filter(({ cost }) => !cost).map(({ error }) => error);
}

interface Place {
  path: string;
  /** At the root of a custom resource. */
  resource: boolean;
  /** From here down there is no telling what a value was before. */
  uncorrelated?: string;
  often: Cardinality;
  budget: Budget;
}

interface Found {
  error: FieldError;
  cost: boolean;
}

function below(props: Props, place: Place): Found[] {
  if (!hasRules(props)) return [];
  const { path, uncorrelated, budget } = place;
  const found: Found[] = [];
  const additional = additionalOf(props);
  const items = itemsOf(props);
  const often = cardinalityBelow(props, place.often);
  const inner = (p: Props, at: string, lost = uncorrelated) =>
    found.push(...below(p, { path: `${path}.${at}`, resource: false, often, budget, ...(lost && { uncorrelated: lost }) }));
  if (additional) inner(additional, "additionalProperties");
  for (const key of Object.keys(props.properties ?? {}).sort()) inner(props.properties![key]!, `properties[${key}]`);
  if (items) inner(items, "items", uncorrelated ?? (props["x-kubernetes-list-type"] === "map" ? undefined : path));
  found.push(...ownErrors(props, place));
  return found;
}

function ownErrors(props: Props, { path, resource, uncorrelated, often, budget }: Place): Found[] {
  return rulesOf(props, resource).flatMap((compiled, i) => {
    const { rule, error, messageError, usesOldSelf } = compiled;
    const at = `${path}.x-kubernetes-validations[${i}]`;
    const costs = costErrors(compiled, props, resource, at, often, budget);
    const errors: FieldError[] = [];
    if (error) errors.push(ofRule(`${at}.rule`, rule, error));
    if (messageError) errors.push(ofRule(`${at}.messageExpression`, rule, messageError));
    const text = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelated}`;
    if (usesOldSelf && uncorrelated) errors.push(invalidValue(`${at}.rule`, rule.rule, text));
    if (!usesOldSelf && rule.optionalOldSelf !== undefined)
      errors.push(invalidValue(`${at}.optionalOldSelf`, rule.optionalOldSelf, "may not be set if oldSelf is not used in rule"));
    return [...costs.map((e) => ({ error: e, cost: true })), ...errors.map((e) => ({ error: e, cost: false }))];
  });
}

/** The rule is shown as Go's JSON shows its own struct. */
function ofRule(field: string, rule: ValidationRule, detail: string): FieldError {
  const shown = {
    Rule: rule.rule,
    Message: rule.message ?? "",
    MessageExpression: rule.messageExpression ?? "",
    Reason: rule.reason ?? null,
    FieldPath: rule.fieldPath ?? "",
    OptionalOldSelf: rule.optionalOldSelf ?? null,
  };
  const json = JSON.stringify(shown).replace(/[<>&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`);
  return { type: "FieldValueInvalid", field, message: `Invalid value: ${json}: ${detail}` };
}
