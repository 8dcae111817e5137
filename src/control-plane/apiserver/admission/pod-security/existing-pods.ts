/** What a stricter level would have said of the pods that run already: warnings for who sets it. */
import { Pod } from "../../../../shared/api/index.ts";
import type { ServerContext } from "../../types.ts";
import { evaluate, reasons } from "./evaluate.ts";
import { describe, type LevelVersion } from "./policy.ts";

const MAX_PODS = 3000;

/** Pods with the same faults are told together, under the first name: `a (and 2 other pods): host namespaces`. */
export function existingPods(namespace: string, level: LevelVersion, server: ServerContext): string[] {
  const pods = [...server.cache(Pod).list()].filter((p) => p.metadata.namespace === namespace);
  const byFault = new Map<string, string[]>();
  for (const pod of pods.slice(0, MAX_PODS)) {
    const fault = reasons(evaluate(pod, level));
    if (fault) byFault.set(fault, [...(byFault.get(fault) ?? []), pod.metadata.name!]);
  }
  const warnings: string[] = [];
  if (pods.length > MAX_PODS) {
    warnings.push(`new PodSecurity enforce level only checked against the first ${MAX_PODS} of ${pods.length} existing pods`);
  }
  if (byFault.size)
    warnings.push(
      `existing pods in namespace ${JSON.stringify(namespace)} violate the new PodSecurity enforce level "${describe(level)}"`,
    );
  return [...warnings, ...[...byFault].map(([fault, names]) => `${together(names)}: ${fault}`).sort()];
}

function together(names: readonly string[]): string {
  const [first] = names.toSorted();
  if (names.length === 1) return first!;
  return `${first} (and ${names.length - 1} other ${names.length === 2 ? "pod" : "pods"})`;
}
