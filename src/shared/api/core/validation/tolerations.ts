/**
 * Tolerations of pods and runtime classes.
 *
 * @source pkg/apis/core/validation/validation.go ValidateTolerations v1.36
 */
import { invalidValue, notSupported, type FieldError } from "../../../apimachinery/field-error.ts";
import { isLabelValue, validateLabelName } from "../../../apimachinery/validation.ts";
import type { Toleration } from "../../generated/core-v1.ts";
import { EFFECTS } from "./node.ts";

export const validateTolerations = (path: string, tolerations: readonly Toleration[] = []): FieldError[] =>
  tolerations.flatMap((toleration, i) => validateToleration(`${path}[${i}]`, toleration));

function validateToleration(path: string, toleration: Toleration): FieldError[] {
  const { key = "", operator = "", effect = "" } = toleration;
  const errors = key ? validateLabelName(`${path}.key`, key) : [];
  if (!key && operator !== "Exists") {
    const text = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
    errors.push(invalidValue(`${path}.operator`, operator, text));
  }
  if (toleration.tolerationSeconds !== undefined && effect !== "NoExecute")
    errors.push(invalidValue(`${path}.effect`, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"));
  errors.push(...validateOperator(path, toleration));
  if (effect && !EFFECTS.includes(effect)) errors.push(notSupported(`${path}.effect`, effect, EFFECTS, "given"));
  return errors;
}

function validateOperator(path: string, { operator, value = "" }: Toleration): FieldError[] {
  const at = `${path}.operator`;
  switch (operator ?? "") {
    case "":
    case "Equal": {
      const texts = isLabelValue(value);
      return texts.length ? [invalidValue(at, value, texts.join(";"))] : [];
    }
    case "Exists":
      return value ? [invalidValue(at, value, "value must be empty when `operator` is 'Exists'")] : [];
    case "Lt":
    case "Gt":
      return [notSupported(at, operator, ["Equal", "Exists", "Lt", "Gt"], "given")];
    default:
      return [notSupported(at, operator, ["Equal", "Exists"], "given")];
  }
}
