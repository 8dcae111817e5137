/** Pods: number, and what their containers ask for. Pods that have ended count only as objects. */
import { parseTime } from "../../lib/platform.ts";
import type { KubeObject } from "../../apimachinery/meta.ts";
import { addAmounts, amountsOf, podAmountsWithOverhead, type Amounts } from "../core/pod-resources.ts";
import { qosClassOf } from "../core/qos.ts";
import type { Pod, ScopedResourceSelectorRequirement } from "../generated/core-v1.ts";
import { matchesValue, one, type QuotaEvaluator } from "./evaluator.ts";

const COMPUTE = ["cpu", "memory", "ephemeral-storage"];
const COUNTED = new Set([
  "count/pods",
  "pods",
  ...COMPUTE,
  ...COMPUTE.map((r) => `requests.${r}`),
  ...COMPUTE.map((r) => `limits.${r}`),
]);
/** Where one of these is limited every container has to say how much. A mistake of the first days that is kept; no others are added. */
const REQUIRED = new Set(["cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"]);

export const podEvaluator: QuotaEvaluator = {
  counts: (resource) => COUNTED.has(resource) || isHugePages(resource.replace(/^requests\./, "")) || isExtendedRequest(resource),
  usage(object, now) {
    const pod = object as unknown as Pod;
    const used: Amounts = new Map([["count/pods", one]]);
    if (hasEnded(pod, now)) return used;
    used.set("pods", one);
    addAmounts(used, compute(podAmountsWithOverhead(pod.spec, "requests"), podAmountsWithOverhead(pod.spec, "limits")));
    return used;
  },
  isInScope: (object, scope) => isInScope(object as unknown as Pod, scope),
  constraintFault,
};

const isHugePages = (resource: string) => resource.startsWith("hugepages-");

/** `requests.example.com/gpu`: a resource of a domain of its own. */
function isExtendedRequest(resource: string): boolean {
  return resource.startsWith("requests.") && isExtended(resource.slice("requests.".length));
}

const isExtended = (resource: string) => resource.includes("/") && !resource.includes("kubernetes.io/");

function compute(requests: Amounts, limits: Amounts): Amounts {
  const used: Amounts = new Map();
  for (const [name, amount] of requests) {
    const isCompute = COMPUTE.includes(name) || isHugePages(name);
    if (isCompute) used.set(name, amount);
    if (isCompute || isExtended(name)) used.set(`requests.${name}`, amount);
  }
  for (const name of COMPUTE) if (limits.has(name)) used.set(`limits.${name}`, limits.get(name)!);
  return used;
}

function hasEnded({ metadata, status }: Pod, now: number): boolean {
  if (status?.phase === "Failed" || status?.phase === "Succeeded") return true;
  const { deletionTimestamp, deletionGracePeriodSeconds } = metadata;
  // Deleted, and past its time: the node is not reporting any more.
  return (
    deletionTimestamp !== undefined &&
    deletionGracePeriodSeconds !== undefined &&
    now > parseTime(deletionTimestamp) + deletionGracePeriodSeconds * 1000
  );
}

function isInScope({ spec }: Pod, scope: ScopedResourceSelectorRequirement): boolean {
  switch (scope.scopeName) {
    case "Terminating":
      return isTerminating(spec);
    case "NotTerminating":
      return !isTerminating(spec);
    case "BestEffort":
      return qosClassOf(spec) === "BestEffort";
    case "NotBestEffort":
      return qosClassOf(spec) !== "BestEffort";
    case "PriorityClass":
      return matchesValue(scope, spec.priorityClassName ?? "");
    case "CrossNamespacePodAffinity":
      return reachesOtherNamespaces(spec);
    default:
      return false;
  }
}

export const isTerminating = ({ activeDeadlineSeconds }: Pod["spec"]) =>
  activeDeadlineSeconds !== undefined && activeDeadlineSeconds >= 0;

function reachesOtherNamespaces({ affinity }: Pod["spec"]): boolean {
  return [affinity?.podAffinity, affinity?.podAntiAffinity].some((a) => {
    const preferred = (a?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((p) => p.podAffinityTerm);
    const terms = [...(a?.requiredDuringSchedulingIgnoredDuringExecution ?? []), ...preferred];
    return terms.some((t) => (t.namespaces?.length ?? 0) > 0 || t.namespaceSelector !== undefined);
  });
}

function constraintFault(object: KubeObject, resources: readonly string[]): string | undefined {
  const { spec } = object as unknown as Pod;
  if (Object.keys({ ...spec.resources?.requests, ...spec.resources?.limits }).length > 0) return undefined;
  const missing = new Map<string, string[]>();
  for (const { name, resources: given } of [...(spec.containers ?? []), ...(spec.initContainers ?? [])]) {
    const said = compute(amountsOf(given?.requests), amountsOf(given?.limits));
    for (const resource of resources) {
      if (REQUIRED.has(resource) && !said.has(resource)) missing.set(resource, [...(missing.get(resource) ?? []), name]);
    }
  }
  if (!missing.size) return undefined;
  const parts = [...missing]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([resource, names]) => `${resource} for: ${names.sort().join(",")}`);
  return `must specify ${parts.join("; ")}`;
}
