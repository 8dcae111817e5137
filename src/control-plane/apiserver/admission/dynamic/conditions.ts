/**
 * Match conditions: expressions that all have to hold for a webhook or policy to be asked.
 *
 * @source staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions/matcher.go v1.36
 */
import type { MatchCondition } from "../../../../shared/api/generated/admissionregistration-v1.ts";
import type { Declared } from "../../../../shared/api/admissionregistration/expressions.ts";
import { evaluateFor, ExpressionError, type Values } from "./run.ts";

/** One that does not hold outweighs others that fail. Throws ExpressionError, unless failures are to be ignored. */
export function conditionsHold(
  conditions: readonly MatchCondition[] | undefined,
  failurePolicy: string,
  declared: Declared,
  values: Values,
): boolean {
  const failures: string[] = [];
  for (const { expression } of conditions ?? []) {
    try {
      if (evaluateFor(expression, declared, values) !== true) return false;
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      failures.push(error.message);
    }
  }
  if (!failures.length) return true;
  if (failurePolicy === "Ignore") return false;
  throw new ExpressionError(failures.length === 1 ? failures[0]! : `[${failures.join(", ")}]`);
}
