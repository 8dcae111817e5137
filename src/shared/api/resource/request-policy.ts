/**
 * How much of a shared device's capacity may be asked for.
 *
 * @source pkg/apis/resource/validation/validation.go validateRequestPolicy v1.36
 */
import { forbidden, invalidValue, required, type FieldError } from "../../apimachinery/field-error.ts";
import { addQuantities, compareQuantities, quantityValue } from "../../apimachinery/quantity.ts";
import type { CapacityRequestPolicy as Policy, CapacityRequestPolicyRange as Range } from "../generated/resource-v1.ts";
import { validateSet } from "./validation.ts";

const MAX_OPTIONS = 10;

export function validateRequestPolicy(path: string, policy: Policy, capacity: string): FieldError[] {
  const { default: usual, validValues: values = [], validRange: range } = policy;
  if (values.length && range) {
    const text = 'exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time';
    return [forbidden(path, text)];
  }
  if (!values.length && !range) return [];
  const name = range ? "validRange" : "validValues";
  if (usual === undefined) return [required(`${path}.default`, `required when ${name} is defined`)];
  const at = `${path}.${name}`;
  return range ? validateRange(at, range, usual, capacity) : validateValues(at, values, usual, capacity);
}

function validateValues(path: string, values: readonly string[], usual: string, capacity: string): FieldError[] {
  const unsorted = values.flatMap((value, i) =>
    i > 0 && compareQuantities(values[i - 1]!, value) > 0
      ? [invalidValue(`${path}[${i}]`, value, "values must be sorted in ascending order")]
      : [],
  );
  const judge = (at: string, value: string) =>
    compareQuantities(value, capacity) > 0 ? [invalidValue(at, value, `option is larger than capacity value: ${capacity}`)] : [];
  const errors = [...unsorted, ...validateSet(path, values, MAX_OPTIONS, (value) => String(quantityValue(value)), judge)];
  if (!values.some((value) => compareQuantities(value, usual) === 0))
    errors.push(invalidValue(path, usual, "default value is not valid according to the requestPolicy"));
  return errors;
}

function validateRange(path: string, { min, max, step }: Range, usual: string, capacity: string): FieldError[] {
  if (min === undefined) return [required(`${path}.min`, "required when validRange is defined")];
  const errors: FieldError[] = [];
  const refuse = (name: string, value: string, text: string) => errors.push(invalidValue(`${path}.${name}`, value, text));
  const above = (a: string, b: string) => compareQuantities(a, b) > 0;
  if (above(min, capacity)) refuse("min", min, `min is larger than capacity value: ${capacity}`);
  if (above(min, usual)) refuse("min", usual, `default is less than min: ${min}`);
  if (max !== undefined) {
    if (above(min, max)) refuse("max", min, `min is larger than max: ${max}`);
    if (above(max, capacity)) refuse("max", max, `max is larger than capacity value: ${capacity}`);
    if (above(usual, max)) refuse("max", usual, `default is more than max: ${max}`);
  }
  if (step === undefined) return errors;
  const first = addQuantities(min, step);
  if (above(first, capacity)) refuse("step", step, `one step ${first} is larger than capacity value: ${capacity}`);
  for (const value of [usual, ...(max === undefined ? [] : [max])])
    if ((quantityValue(value) - quantityValue(min)) % quantityValue(step) !== 0)
      refuse("step", value, `value is not a multiple of a given step (${step}) from (${min})`);
  return errors;
}
