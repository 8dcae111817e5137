/** What the objects of a namespace use of a quota. Pure. */
import type { Kind, ResourceQuota } from "../../../shared/api/index.ts";
import type { ResourceQuotaStatus } from "../../../shared/api/generated/core-v1.ts";
import { isInScopes, quotaEvaluatorOf } from "../../../shared/api/quota/index.ts";
import { Quantity } from "../../../shared/apimachinery/index.ts";
import type { KubeObject } from "../../../shared/apimachinery/meta.ts";

/** The kinds a quota counts, among `kinds`. */
export function countedKinds(quota: ResourceQuota, kinds: readonly Kind<any>[]): Kind<any>[] {
  const resources = Object.keys(quota.spec?.hard ?? {});
  return kinds.filter((kind) => {
    const evaluator = kind.scope === "Namespaced" ? quotaEvaluatorOf(kind) : undefined;
    return evaluator && resources.some((r) => evaluator.counts(r));
  });
}

/** `objects` are those of the quota's namespace, by kind. */
export function statusOf(
  quota: ResourceQuota,
  objects: ReadonlyMap<Kind<any>, readonly KubeObject[]>,
  now: number,
): ResourceQuotaStatus {
  const hard = quota.spec?.hard ?? {};
  const used = new Map(Object.keys(hard).map((resource) => [resource, Quantity.of(0)]));
  for (const [kind, list] of objects) {
    const evaluator = quotaEvaluatorOf(kind)!;
    for (const object of list) {
      if (!isInScopes(quota, evaluator, object)) continue;
      for (const [resource, amount] of evaluator.usage(object, now)) {
        const sum = used.get(resource);
        if (sum) used.set(resource, sum.add(amount));
      }
    }
  }
  return { hard, used: Object.fromEntries([...used].map(([resource, amount]) => [resource, amount.toString()])) };
}
