/**
 * Defaults have to be what their schema allows.
 *
 * @source staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting/validation.go v1.36
 */
import { decodeValue } from "../../../../shared/apimachinery/decode.ts";
import { invalidValue, type FieldError } from "../../../../shared/apimachinery/field-error.ts";
import { deepEqual } from "../../../../shared/apimachinery/patch/index.ts";
import { compileSchema, itemsOf, type Props } from "../structural.ts";
import { ruleErrors } from "../rules/run.ts";
import { validateValue } from "../validation/value.ts";

export function defaultErrors(props: Props, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const value = props.default;
  if (value !== undefined && value !== null) errors.push(...ownErrors(props, value, `${path}.default`));
  const items = itemsOf(props);
  if (items) errors.push(...defaultErrors(items, `${path}.items`));
  for (const key of Object.keys(props.properties ?? {}).sort())
    errors.push(...defaultErrors(props.properties![key]!, `${path}.properties[${key}]`));
  return errors;
}

function ownErrors(props: Props, value: unknown, path: string): FieldError[] {
  // Pruned inside an object of its own, since only objects are decoded.
  const holder = compileSchema({ type: "object", properties: { value: props } }, "");
  const pruned = decodeValue<{ value: unknown }>(holder, { value }).object.value;
  if (!deepEqual(pruned, value)) return [invalidValue(path, value, "must not have unknown fields")];
  const found = validateValue(withoutIntOrString(props), value);
  const all = found.length ? found : ruleErrors(props, value, "", { value }, false);
  return (all.length ? all : ruleErrors(props, value, "", undefined, false)).map((error) => ({
    ...error,
    field: error.field === "<nil>" || !error.field ? path : `${path}.${error.field}`,
  }));
}

/** A default of what may be a number or a text is not held to that. */
function withoutIntOrString(props: Props): Props {
  const { "x-kubernetes-int-or-string": either, ...rest } = props;
  return either ? rest : props;
}
