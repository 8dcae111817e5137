/** Expressions as they are judged when they are written. */
import type { MatchCondition } from "../../generated/admissionregistration-v1.ts";
import { showType, type CelType } from "../../../apimachinery/cel/index.ts";
import { duplicate, invalidValue, required, tooMany, type FieldError } from "../../../apimachinery/field-error.ts";
import { isQualifiedName } from "../../../apimachinery/validation.ts";
import { compileFor, type Declared } from "../expressions.ts";

/** `wanted` empty: whatever it evaluates to. */
export function expressionErrors(
  field: string,
  source: string | undefined,
  wanted: readonly CelType[],
  declared: Declared,
  absent = "",
): FieldError[] {
  const text = source?.trim() ?? "";
  if (!text) return [required(field, absent)];
  const compiled = compileFor(source!, declared);
  if (!("program" in compiled)) return [invalidValue(field, source, `compilation failed: ${compiled.text}`)];
  const given = showType(compiled.program.type);
  const names = wanted.map(showType);
  if (!names.length || names.includes(given)) return [];
  const shown = names.length > 1 ? `one of [${names.map((n) => (n === "null" ? "null_type" : n)).join(" ")}]` : names[0];
  return [invalidValue(field, source, `must evaluate to ${shown} but got ${given}`)];
}

const MAX_CONDITIONS = 64;

export function matchConditionErrors(
  field: string,
  conditions: readonly MatchCondition[] = [],
  declared: Declared,
): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  if (conditions.length > MAX_CONDITIONS) errors.push(tooMany(field, conditions.length, MAX_CONDITIONS));
  conditions.forEach(({ name = "", expression }, i) => {
    const at = `${field}[${i}]`;
    errors.push(...expressionErrors(`${at}.expression`, expression, [{ name: "bool" }], declared));
    if (!name) return void errors.push(required(`${at}.name`));
    errors.push(...isQualifiedName(name).map((m) => invalidValue(`${at}.name`, name, m)));
    if (names.has(name)) errors.push(duplicate(`${at}.name`, name));
    names.add(name);
  });
  return errors;
}
