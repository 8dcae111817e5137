/**
 * Requests and limits as the kernel takes them: CPU shares and quota, memory limit, OOM score.
 *
 * @source pkg/kubelet/cm/helpers_linux.go, pkg/kubelet/kuberuntime/kuberuntime_container_linux.go, pkg/kubelet/qos/policy.go v1.36
 */
import type { Container, Pod, ResourceRequirements } from "../../../shared/api/generated/core-v1.ts";
import { Quantity } from "../../../shared/apimachinery/quantity.ts";
import type { LinuxResources } from "../../cri/index.ts";
import { initContainers, isSidecar, regularContainers } from "./containers.ts";
import { qosClass } from "./qos.ts";

const QUOTA_PERIOD_US = 100_000;
const MIN_QUOTA_US = 1000;
const MIN_SHARES = 2;
const MAX_SHARES = 262_144;
const SHARES_PER_CPU = 1024;

const GUARANTEED_OOM_SCORE = -997;
const BEST_EFFORT_OOM_SCORE = 1000;
const SYSTEM_CRITICAL_PRIORITY = 2_000_000_000;

export function milliCpu(quantity: string | undefined): number {
  return quantity === undefined ? 0 : Quantity.parse(quantity).toMilli();
}

export function wholeUnits(quantity: string | undefined): number {
  return quantity === undefined ? 0 : Quantity.parse(quantity).toNumber();
}

function cpuShares(milli: number): number {
  if (milli === 0) return MIN_SHARES;
  return Math.min(MAX_SHARES, Math.max(MIN_SHARES, Math.floor((milli * SHARES_PER_CPU) / 1000)));
}

/** Microseconds in each period; 0: no limit. */
function cpuQuota(milli: number, period = QUOTA_PERIOD_US): number {
  return milli === 0 ? 0 : Math.max(MIN_QUOTA_US, Math.floor((milli * period) / 1000));
}

export function containerResources(pod: Pod, container: Container, memoryCapacity: number): LinuxResources {
  const { requests = {}, limits = {} } = container.resources ?? {};
  const cpuLimit = milliCpu(limits.cpu ?? pod.spec.resources?.limits?.cpu);
  const memoryLimit = wholeUnits(limits.memory ?? pod.spec.resources?.limits?.memory);
  const shares = requests.cpu === undefined && limits.cpu !== undefined ? cpuLimit : milliCpu(requests.cpu);
  return {
    cpu_shares: cpuShares(shares),
    cpu_period: QUOTA_PERIOD_US,
    cpu_quota: cpuQuota(cpuLimit),
    ...(memoryLimit > 0 && { memory_limit_in_bytes: memoryLimit }),
    oom_score_adj: oomScore(pod, container, memoryCapacity),
  };
}

/** The more of its request a container may be over, the sooner it is killed when memory runs out. */
function oomScore(pod: Pod, container: Container, memoryCapacity: number): number {
  if ((pod.spec.priority ?? 0) >= SYSTEM_CRITICAL_PRIORITY) return GUARANTEED_OOM_SCORE;
  const qos = qosClass(pod);
  if (qos === "Guaranteed") return GUARANTEED_OOM_SCORE;
  if (qos === "BestEffort") return BEST_EFFORT_OOM_SCORE;
  const score = (request: number) => 1000 - Math.floor((1000 * request) / memoryCapacity);
  let adjusted = score(memoryRequest(container));
  if (isSidecar(container)) adjusted = Math.min(adjusted, score(Math.min(...regularContainers(pod).map(memoryRequest))));
  if (adjusted < 1000 + GUARANTEED_OOM_SCORE) return 1000 + GUARANTEED_OOM_SCORE;
  return adjusted === BEST_EFFORT_OOM_SCORE ? adjusted - 1 : adjusted;
}

const memoryRequest = (container: Container) => wholeUnits(container.resources?.requests?.memory);

export interface PodCgroupResources {
  cpuShares: number;
  /** undefined: a container without a limit lifts the pod's. */
  cpuQuota?: number;
  memoryLimit?: number;
}

/** What the pod's own cgroup is given: the sum of its containers, or what init containers need if that is more. */
export function podCgroupResources(pod: Pod): PodCgroupResources {
  const cpu = podTotal(pod, "requests", "cpu", milliCpu);
  const cpuLimited = everyContainer(pod, (resources) => resources.limits?.cpu !== undefined);
  const memoryLimited = everyContainer(pod, (resources) => resources.limits?.memory !== undefined);
  return {
    cpuShares: cpuShares(cpu),
    ...(cpuLimited && { cpuQuota: cpuQuota(podTotal(pod, "limits", "cpu", milliCpu)) }),
    ...(memoryLimited && { memoryLimit: podTotal(pod, "limits", "memory", wholeUnits) }),
  };
}

function everyContainer(pod: Pod, has: (resources: ResourceRequirements) => boolean): boolean {
  if (pod.spec.resources?.limits && has(pod.spec.resources)) return true;
  return [...initContainers(pod), ...regularContainers(pod)].every((container) => has(container.resources ?? {}));
}

/** Sidecars run beside everything that starts after them; other init containers one at a time. */
export function podTotal(
  pod: Pod,
  list: "requests" | "limits",
  name: string,
  measure: (quantity: string | undefined) => number,
): number {
  const own = pod.spec.resources?.[list]?.[name];
  const overhead = measure(pod.spec.overhead?.[name]);
  if (own !== undefined) return measure(own) + overhead;
  const amount = (container: Container) => measure(container.resources?.[list]?.[name]);
  let sidecars = 0;
  let initPeak = 0;
  for (const container of initContainers(pod)) {
    if (isSidecar(container)) sidecars += amount(container);
    initPeak = Math.max(initPeak, isSidecar(container) ? sidecars : sidecars + amount(container));
  }
  const regular = regularContainers(pod).reduce((sum, container) => sum + amount(container), 0);
  return Math.max(regular + sidecars, initPeak) + overhead;
}
