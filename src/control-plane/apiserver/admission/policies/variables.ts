/** The variables of a policy: each is evaluated when it is first used, and may use those before it. */
import type { Variable } from "../../../../shared/api/generated/admissionregistration-v1.ts";
import { compileFor, type Declared } from "../../../../shared/api/admissionregistration/expressions.ts";
import { CelError, dyn, type CelType } from "../../../../shared/apimachinery/cel/index.ts";
import type { Values } from "../dynamic/run.ts";

/** What a policy's expressions may speak of, its variables with their types included. */
export function withVariables(variables: readonly Variable[] | undefined, declared: Declared): Declared {
  if (!variables?.length) return declared;
  const types: Record<string, CelType> = {};
  for (const { name, expression } of variables) {
    const compiled = compileFor(expression, { ...declared, variables: { ...types } });
    types[name] = "program" in compiled ? compiled.program.type : dyn;
  }
  return { ...declared, variables: types };
}

export function bindVariables(variables: readonly Variable[] | undefined, declared: Declared, values: Values): Values {
  if (!variables?.length) return values;
  const bound: Record<string, unknown> = {};
  const own: Values = Object.defineProperties(
    {},
    {
      ...Object.getOwnPropertyDescriptors(values),
      variables: { value: bound, enumerable: true },
    },
  );
  for (const { name, expression } of variables) {
    let known: { value: unknown } | { error: CelError } | undefined;
    Object.defineProperty(bound, name, {
      enumerable: true,
      get() {
        known ??= attempt(name, expression, declared, own);
        if ("error" in known) throw known.error;
        return known.value;
      },
    });
  }
  return own;
}

function attempt(name: string, source: string, declared: Declared, values: Values): { value: unknown } | { error: CelError } {
  const head = `composited variable ${JSON.stringify(name)} fails to`;
  const compiled = compileFor(source, declared);
  if (!("program" in compiled)) return { error: new CelError(`${head} compile: compilation failed: ${compiled.text}`) };
  try {
    return { value: compiled.program.evaluate(values) };
  } catch (error) {
    if (!(error instanceof CelError)) throw error;
    return { error: new CelError(`${head} evaluate: ${error.message}`) };
  }
}
