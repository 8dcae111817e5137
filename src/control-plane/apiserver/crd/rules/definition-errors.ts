/**
 * What is wrong with the rules of a definition's schema.
 *
 * @source staging/src/k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go v1.36
 */
import type { ValidationRule } from "../../../../shared/api/generated/apiextensions-v1.ts";
import { invalidValue, type FieldError } from "../../../../shared/apimachinery/field-error.ts";
import { additionalOf, itemsOf, type Props } from "../structural.ts";
import { rulesOf } from "./compile.ts";
import { hasRules } from "./run.ts";

/** `uncorrelated`: from here down there is no telling what a value was before. */
export function ruleDefinitionErrors(props: Props, path: string, resource: boolean, uncorrelated?: string): FieldError[] {
  if (!hasRules(props)) return [];
  const errors: FieldError[] = [];
  const additional = additionalOf(props);
  const items = itemsOf(props);
  if (additional) errors.push(...ruleDefinitionErrors(additional, `${path}.additionalProperties`, false, uncorrelated));
  for (const key of Object.keys(props.properties ?? {}).sort())
    errors.push(...ruleDefinitionErrors(props.properties![key]!, `${path}.properties[${key}]`, false, uncorrelated));
  const inList = uncorrelated ?? (props["x-kubernetes-list-type"] === "map" ? undefined : path);
  if (items) errors.push(...ruleDefinitionErrors(items, `${path}.items`, false, inList));
  rulesOf(props, resource).forEach(({ rule, error, messageError, usesOldSelf }, i) => {
    const at = `${path}.x-kubernetes-validations[${i}]`;
    if (error) errors.push(ofRule(`${at}.rule`, rule, error));
    if (messageError) errors.push(ofRule(`${at}.messageExpression`, rule, messageError));
    const text = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelated}`;
    if (usesOldSelf && uncorrelated) errors.push(invalidValue(`${at}.rule`, rule.rule, text));
    if (!usesOldSelf && rule.optionalOldSelf !== undefined)
      errors.push(invalidValue(`${at}.optionalOldSelf`, rule.optionalOldSelf, "may not be set if oldSelf is not used in rule"));
  });
  return errors;
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
