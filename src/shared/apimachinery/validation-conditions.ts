/**
 * Conditions of the common form, as statuses carry them.
 *
 * @source staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/validation/validation.go ValidateConditions v1.36
 */
import { duplicate, invalidValue, notSupported, required, tooLong, type FieldError } from "./field-error.ts";
import type { Condition } from "./meta.ts";
import { byteLength, regexError, validateLabelName } from "./validation.ts";

const STATES = ["False", "True", "Unknown"];
const MAX_REASON = 1024;
const MAX_MESSAGE = 32 * 1024;
const REASON = "[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?";
const reasonForm = new RegExp(`^${REASON}$`);
const REASON_TEXT = regexError(
  "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'",
  REASON,
  "my_name",
  "MY_NAME",
  "MyName",
  "ReasonA,ReasonB",
  "ReasonA:ReasonB",
);

export const validateConditions = (path: string, conditions: readonly Condition[] = []): FieldError[] =>
  conditions.flatMap((condition, i) => {
    const twice = conditions.findIndex(({ type }) => type === condition.type) < i;
    const at = `${path}[${i}]`;
    return [...(twice ? [duplicate(`${at}.type`, condition.type)] : []), ...validateCondition(at, condition)];
  });

function validateCondition(path: string, condition: Condition): FieldError[] {
  const { type = "", status = "", reason = "", message = "", observedGeneration = 0 } = condition;
  const errors = validateLabelName(`${path}.type`, type);
  if (!STATES.includes(status)) errors.push(notSupported(`${path}.status`, status, STATES));
  if (observedGeneration < 0)
    errors.push(invalidValue(`${path}.observedGeneration`, observedGeneration, "must be greater than or equal to zero"));
  if (!condition.lastTransitionTime) errors.push(required(`${path}.lastTransitionTime`));
  if (!reason) errors.push(required(`${path}.reason`));
  else if (!reasonForm.test(reason)) errors.push(invalidValue(`${path}.reason`, reason, REASON_TEXT));
  if (byteLength(reason) > MAX_REASON) errors.push(tooLong(`${path}.reason`, MAX_REASON));
  if (byteLength(message) > MAX_MESSAGE) errors.push(tooLong(`${path}.message`, MAX_MESSAGE));
  return errors;
}
