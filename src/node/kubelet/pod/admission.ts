/**
 * Whether a pod that was bound to this node may run on it: the scheduler may have known less than the node does, or not been asked.
 *
 * @source pkg/kubelet/lifecycle/predicate.go v1.36
 */
import { matchesNode, untoleratedTaint } from "../../../shared/api/core/placement.ts";
import type { Node, Pod } from "../../../shared/api/generated/core-v1.ts";
import { initContainers, isSidecar, regularContainers } from "./containers.ts";
import { needsAppArmor } from "./security.ts";
import { sysctlName } from "./sandbox-config.ts";
import { milliCpu, podTotal, wholeUnits } from "./resources.ts";

export interface Refusal {
  reason: string;
  message: string;
}

export interface AdmissionInput {
  pod: Pod;
  node: Pick<Node, "metadata" | "spec">;
  allocatable: Readonly<Record<string, string>>;
  /** The node's kernel confines by AppArmor. */
  appArmor: boolean;
  /** Those that hold resources here already. */
  others: readonly Pod[];
}

/** undefined: it may run. */
export function refusePod(input: AdmissionInput): Refusal | undefined {
  return (
    refuseOs(input) ??
    refuseAppArmor(input) ??
    refuseSysctls(input) ??
    refuseResources(input) ??
    refuseSelector(input) ??
    refuseTaints(input) ??
    refusePorts(input)
  );
}

function refuseOs({ pod }: AdmissionInput): Refusal | undefined {
  const os = pod.spec.os?.name ?? pod.spec.nodeSelector?.["kubernetes.io/os"];
  if (!os || os === "linux") return undefined;
  return pod.spec.os
    ? { reason: "PodOSNotSupported", message: "Failed to admit pod as the OS field doesn't match node OS" }
    : {
        reason: "PodOSSelectorNodeLabelDoesNotMatch",
        message: "Failed to admit pod as the `kubernetes.io/os` label doesn't match node label",
      };
}

function refuseAppArmor({ pod, appArmor }: AdmissionInput): Refusal | undefined {
  if (appArmor || !needsAppArmor(pod)) return undefined;
  return { reason: "AppArmor", message: "Cannot enforce AppArmor: AppArmor is not enabled on the host" };
}

/** Those that are the pod's own and cannot harm the node. */
const SAFE_SYSCTLS = new Set([
  "kernel.shm_rmid_forced",
  "net.ipv4.ip_local_port_range",
  "net.ipv4.tcp_syncookies",
  "net.ipv4.ping_group_range",
  "net.ipv4.ip_unprivileged_port_start",
  "net.ipv4.ip_local_reserved_ports",
  "net.ipv4.tcp_keepalive_time",
  "net.ipv4.tcp_fin_timeout",
  "net.ipv4.tcp_keepalive_intvl",
  "net.ipv4.tcp_keepalive_probes",
  "net.ipv4.tcp_rmem",
  "net.ipv4.tcp_wmem",
]);

function refuseSysctls({ pod }: AdmissionInput): Refusal | undefined {
  const { hostNetwork, hostIPC, securityContext } = pod.spec;
  for (const { name } of securityContext?.sysctls ?? []) {
    const dotted = sysctlName(name);
    const allowed =
      SAFE_SYSCTLS.has(dotted) && !(hostNetwork && dotted.startsWith("net.")) && !(hostIPC && dotted.startsWith("kernel."));
    if (!allowed) return { reason: "SysctlForbidden", message: `forbidden sysctl: ${JSON.stringify(dotted)} not allowlisted` };
  }
  return undefined;
}

const REASONS: Record<string, string> = {
  cpu: "OutOfcpu",
  memory: "OutOfmemory",
  pods: "OutOfpods",
  "ephemeral-storage": "OutOfephemeral-storage",
};

/** The node has not enough left, or never had. */
export function refuseResources({
  pod,
  allocatable,
  others,
}: Pick<AdmissionInput, "pod" | "allocatable" | "others">): Refusal | undefined {
  const most = wholeUnits(allocatable.pods ?? "110");
  if (others.length + 1 > most) return shortage("pods", 1, others.length, most);
  const names = new Set(
    [...initContainers(pod), ...regularContainers(pod)].flatMap(({ resources }) => Object.keys(resources?.requests ?? {})),
  );
  for (const name of names) {
    const measure = name === "cpu" ? milliCpu : wholeUnits;
    const wanted = podTotal(pod, "requests", name, measure);
    const capacity = measure(allocatable[name]);
    const used = others.reduce((sum, other) => sum + podTotal(other, "requests", name, measure), 0);
    if (wanted > 0 && used + wanted > capacity) return shortage(name, wanted, used, capacity);
  }
  return undefined;
}

function shortage(name: string, requested: number, used: number, capacity: number): Refusal {
  const reason = REASONS[name] ?? `OutOf${name}`;
  return {
    reason,
    message: `Node didn't have enough resource: ${name}, requested: ${requested}, used: ${used}, capacity: ${capacity}`,
  };
}

function refuseSelector({ pod, node }: AdmissionInput): Refusal | undefined {
  if (matchesNode(pod.spec, node)) return undefined;
  return { reason: "NodeAffinity", message: "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector" };
}

function refuseTaints({ pod, node }: AdmissionInput): Refusal | undefined {
  if (!untoleratedTaint(pod.spec.tolerations, node.spec.taints, ["NoExecute"])) return undefined;
  return {
    reason: "TaintToleration",
    message: `Predicate TaintToleration failed: node(s) had taints that the pod didn't tolerate`,
  };
}

function refusePorts({ pod, others }: AdmissionInput): Refusal | undefined {
  const taken = others.flatMap(hostPorts);
  const conflict = hostPorts(pod).some((mine) =>
    taken.some(
      (other) =>
        mine.port === other.port &&
        mine.protocol === other.protocol &&
        (mine.ip === other.ip || mine.ip === ANY || other.ip === ANY),
    ),
  );
  if (!conflict) return undefined;
  return {
    reason: "NodePorts",
    message: "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports",
  };
}

const ANY = "0.0.0.0";

function hostPorts(pod: Pod) {
  return [...initContainers(pod).filter(isSidecar), ...regularContainers(pod)].flatMap(({ ports = [] }) =>
    ports
      .filter(({ hostPort }) => hostPort)
      .map(({ hostPort, hostIP, protocol = "TCP" }) => ({ port: hostPort!, ip: hostIP || ANY, protocol })),
  );
}
