/**
 * What the runtime is told of a pod as a whole.
 *
 * @source pkg/kubelet/kuberuntime/kuberuntime_sandbox.go v1.36
 */
import { join } from "node:path";
import type { Pod } from "../../../shared/api/generated/core-v1.ts";
import type { PortMapping, SandboxConfig } from "../../cri/index.ts";
import { podAnnotations, podLabels } from "../runtime/labels.ts";
import { initContainers, isSidecar, regularContainers } from "./containers.ts";
import type { ResolvConf } from "../../../shared/lib/resolv-conf.ts";
import { kernelHostname, podHostname } from "./dns.ts";
import { sandboxSecurityContext } from "./security.ts";

export interface SandboxInput {
  pod: Pod;
  attempt: number;
  dns: ResolvConf;
  clusterDomain: string;
  podLogsDir: string;
  cgroupParent: string;
}

export function sandboxConfig({ pod, attempt, dns, clusterDomain, podLogsDir, cgroupParent }: SandboxInput): SandboxConfig {
  const { name, namespace, uid } = pod.metadata;
  const sysctls = Object.fromEntries(
    (pod.spec.securityContext?.sysctls ?? []).map(({ name, value }) => [sysctlName(name), value]),
  );
  return {
    metadata: { name: name!, namespace: namespace!, uid: uid!, attempt },
    ...(!pod.spec.hostNetwork && { hostname: kernelHostname(pod, podHostname(pod, clusterDomain)) }),
    log_directory: podLogDir(podLogsDir, pod),
    dns_config: dns,
    port_mappings: portMappings(pod),
    labels: podLabels(pod),
    annotations: podAnnotations(pod),
    linux: { cgroup_parent: cgroupParent, security_context: sandboxSecurityContext(pod), sysctls },
  };
}

export const podLogDir = (root: string, { metadata }: Pod): string =>
  join(root, `${metadata.namespace}_${metadata.name}_${metadata.uid}`);

/** `kernel/shm_rmid_forced` and `kernel.shm_rmid_forced` are one sysctl; the runtime knows the second spelling. */
export const sysctlName = (name: string) => {
  const separator = /[./]/.exec(name)?.[0];
  return separator === "/" ? name.replace(/[./]/g, (c) => (c === "/" ? "." : "/")) : name;
};

function portMappings(pod: Pod): PortMapping[] {
  const sidecars = initContainers(pod).filter(isSidecar);
  return [...sidecars, ...regularContainers(pod)].flatMap(({ ports = [] }) =>
    ports
      .filter(({ hostPort }) => hostPort)
      .map(({ protocol = "TCP", containerPort, hostPort, hostIP }) => ({
        protocol,
        container_port: containerPort,
        host_port: hostPort!,
        host_ip: hostIP ?? "",
      })),
  );
}
