/** Quotas: what counts towards them, and how much. */
import { objectCount, type QuotaEvaluator } from "./evaluator.ts";
import { podEvaluator } from "./pods.ts";
import { claimEvaluator, serviceEvaluator } from "./services-and-claims.ts";

export { appliesTo, isInScopes, type QuotaEvaluator } from "./evaluator.ts";
export { isTerminating } from "./pods.ts";

const special: Readonly<Record<string, QuotaEvaluator>> = {
  "/pods": podEvaluator,
  "/services": serviceEvaluator,
  "/persistentvolumeclaims": claimEvaluator,
};

/** Never counted: reviews are no objects, and events are too many to be worth it. */
const ignored = new Set(["/bindings", "/events", "events.k8s.io/events"]);

/** How this kind counts; undefined for what never does. */
export function quotaEvaluatorOf({ group, plural }: { group: string; plural: string }): QuotaEvaluator | undefined {
  const key = `${group}/${plural}`;
  if (ignored.has(key) || group === "authorization.k8s.io" || group === "authentication.k8s.io") return undefined;
  return special[key] ?? objectCount(group, plural);
}
