/**
 * What an object uses of a quota: asked when one is admitted, and by the controller that counts what is there.
 *
 * Every kind counts by number (`count/deployments.apps`); pods, services, claims and a few others count in their own ways besides.
 *
 * @source pkg/quota/v1/evaluator/core, staging/src/k8s.io/apiserver/pkg/quota/v1/generic v1.36
 */
import { Quantity } from "../../apimachinery/quantity.ts";
import type { KubeObject } from "../../apimachinery/meta.ts";
import type { Amounts } from "../core/pod-resources.ts";
import type { ResourceQuota, ScopedResourceSelectorRequirement } from "../generated/core-v1.ts";

export interface QuotaEvaluator {
  /** This kind of object uses this resource of a quota (`pods`, `requests.cpu`, `count/secrets`). */
  counts(resource: string): boolean;
  usage(object: KubeObject, now: number): Amounts;
  /** The object is within this scope; absent: no scope has a meaning for the kind, and none matches. */
  isInScope?(object: KubeObject, scope: ScopedResourceSelectorRequirement): boolean;
  /** What an object must say so that these resources can be counted; the fault as text. */
  constraintFault?(object: KubeObject, resources: readonly string[]): string | undefined;
}

export const one = Quantity.of(1);

/** Kinds that can be counted by their bare names, too. */
const BARE_NAMES = new Set(["configmaps", "resourcequotas", "replicationcontrollers", "secrets"]);

/** Counts objects, and nothing about them. */
export function objectCount(group: string, plural: string): QuotaEvaluator {
  const count = countName(group, plural);
  const names = group === "" && BARE_NAMES.has(plural) ? [count, plural] : [count];
  return { counts: (resource) => names.includes(resource), usage: () => new Map(names.map((name) => [name, one])) };
}

const countName = (group: string, plural: string) => (group ? `count/${plural}.${group}` : `count/${plural}`);

/** The scopes of a quota in one form. */
function scopesOf({ spec }: ResourceQuota): ScopedResourceSelectorRequirement[] {
  type Scope = ScopedResourceSelectorRequirement;
  const plain = (spec?.scopes ?? []).map((scope): Scope => ({ scopeName: scope as Scope["scopeName"], operator: "Exists" }));
  return [...plain, ...(spec?.scopeSelector?.matchExpressions ?? [])];
}

/** The quota has something to say about the object: it limits what the kind uses, and all its scopes match. */
export function appliesTo(quota: ResourceQuota, evaluator: QuotaEvaluator, object: KubeObject): boolean {
  const resources = Object.keys(quota.status?.hard ?? quota.spec?.hard ?? {});
  return resources.some((r) => evaluator.counts(r)) && isInScopes(quota, evaluator, object);
}

export function isInScopes(quota: ResourceQuota, evaluator: QuotaEvaluator, object: KubeObject): boolean {
  return scopesOf(quota).every((scope) => evaluator.isInScope?.(object, scope) ?? false);
}

/** `In`, `NotIn`, `Exists` and `DoesNotExist` over one value, which may be missing. */
export function matchesValue({ operator, values = [] }: ScopedResourceSelectorRequirement, value: string): boolean {
  if (operator === "Exists") return value !== "";
  if (operator === "DoesNotExist") return value === "";
  const listed = value !== "" && values.includes(value);
  return operator === "In" ? listed : !listed;
}
