/** A pod affinity term, ready to be matched against groups of pods. */
import { Namespace, type Pod } from "../../shared/api/index.ts";
import type { PodAffinityTerm } from "../../shared/api/generated/core-v1.ts";
import { selectorFromObject, type LabelSelector } from "../../shared/apimachinery/index.ts";
import type { Handle } from "./framework.ts";
import type { PodGroup } from "./node-info.ts";

export interface Term {
  topologyKey: string;
  matches(group: Omit<PodGroup, "count">): boolean;
}

/** `pod` is the one whose specification has the term. */
export function compileTerm(term: PodAffinityTerm, pod: Pod, handle: Pick<Handle, "cache">): Term {
  const selector = selectorFromObject(withLabelKeys(term, pod));
  const namespaceSelector = term.namespaceSelector && selectorFromObject(term.namespaceSelector);
  const names = term.namespaces?.length || namespaceSelector ? (term.namespaces ?? []) : [pod.metadata.namespace ?? ""];
  const inNamespace = (name: string) =>
    names.includes(name) || (namespaceSelector?.matches(handle.cache(Namespace).get(name)?.metadata.labels ?? {}) ?? false);
  return {
    topologyKey: term.topologyKey,
    matches: ({ namespace, labels }) => term.labelSelector !== undefined && selector.matches(labels) && inNamespace(namespace),
  };
}

/** matchLabelKeys and mismatchLabelKeys take their values from the pod itself. */
function withLabelKeys(
  { labelSelector, matchLabelKeys = [], mismatchLabelKeys = [] }: PodAffinityTerm,
  pod: Pod,
): LabelSelector | undefined {
  if (!labelSelector || (!matchLabelKeys.length && !mismatchLabelKeys.length)) return labelSelector;
  const own = pod.metadata.labels ?? {};
  const pick = (keys: readonly string[], operator: "In" | "NotIn") =>
    keys.flatMap((key) => (own[key] === undefined ? [] : [{ key, operator, values: [own[key]] }]));
  return {
    ...labelSelector,
    matchExpressions: [
      ...(labelSelector.matchExpressions ?? []),
      ...pick(matchLabelKeys, "In"),
      ...pick(mismatchLabelKeys, "NotIn"),
    ],
  };
}
