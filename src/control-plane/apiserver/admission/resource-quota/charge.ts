/** The decision: which quotas an object uses how much more of, and whether they allow it. Pure. */
import type { ResourceQuota } from "../../../../shared/api/index.ts";
import { appliesTo, type QuotaEvaluator } from "../../../../shared/api/quota/index.ts";
import { addAmounts, amountsOf, type Amounts } from "../../../../shared/api/core/pod-resources.ts";
import type { AdmissionAttributes } from "../../types.ts";

export interface Charge {
  /** Quotas with their new usage. */
  charged: ResourceQuota[];
  fault?: string;
}

type Request = Pick<AdmissionAttributes, "operation" | "object" | "oldObject">;

export function charge(quotas: readonly ResourceQuota[], evaluator: QuotaEvaluator, request: Request, now: number): Charge {
  const object = request.object!;
  const matching = quotas.filter((q) => appliesTo(q, evaluator, object));
  const counted = (q: ResourceQuota) => Object.keys(q.status?.hard ?? {}).filter((r) => evaluator.counts(r));
  for (const quota of matching) {
    const fault = quotaFault(quota, counted(quota), evaluator, request);
    if (fault) return { charged: [], fault };
  }
  const usage = evaluator.usage(object, now);
  const charged: ResourceQuota[] = [];
  for (const quota of matching) {
    const before =
      request.oldObject && appliesTo(quota, evaluator, request.oldObject) ? evaluator.usage(request.oldObject, now) : undefined;
    const more = increase(usage, before, new Set(Object.keys(quota.status?.hard ?? {})));
    if (!more.size) continue;
    const used = amountsOf(quota.status?.used);
    addAmounts(used, more);
    const fault = excess(quota, more, used);
    if (fault) return { charged: [], fault };
    charged.push({
      ...quota,
      status: { ...quota.status, used: Object.fromEntries([...used].map(([name, v]) => [name, v.toString()])) },
    });
  }
  return { charged };
}

/** What has to be right before anything is counted. */
function quotaFault(
  quota: ResourceQuota,
  resources: string[],
  evaluator: QuotaEvaluator,
  { object }: Request,
): string | undefined {
  const fault = evaluator.constraintFault?.(object!, resources);
  if (fault) return `failed quota: ${quota.metadata.name}: ${fault}`;
  const unknown = resources.some((r) => quota.status?.used?.[r] === undefined);
  return unknown ? `status unknown for quota: ${quota.metadata.name}, resources: ${resources.sort().join(",")}` : undefined;
}

function increase(usage: Amounts, before: Amounts | undefined, limited: ReadonlySet<string>): Amounts {
  const more: Amounts = new Map();
  for (const [name, amount] of usage) {
    const old = before?.get(name);
    const delta = old ? amount.sub(old) : amount;
    if (limited.has(name) && delta.sign() > 0) more.set(name, delta);
  }
  return more;
}

function excess(quota: ResourceQuota, more: Amounts, used: Amounts): string | undefined {
  const hard = amountsOf(quota.status?.hard);
  const over = [...more.keys()].filter((name) => used.get(name)!.cmp(hard.get(name)!) > 0).sort();
  if (!over.length) return undefined;
  const old = amountsOf(quota.status?.used);
  const list = (amounts: Amounts) => over.map((name) => `${name}=${amounts.get(name) ?? "0"}`).join(",");
  return `exceeded quota: ${quota.metadata.name}, requested: ${list(more)}, used: ${list(old)}, limited: ${list(hard)}`;
}
