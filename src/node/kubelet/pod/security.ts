/**
 * What a container may do: the pod's security context overlaid with the container's, as CRI takes it.
 *
 * @source pkg/kubelet/kuberuntime/security_context.go, pkg/securitycontext/util.go v1.36
 */
import type { Container, Pod, SeccompProfile, SecurityContext } from "../../../shared/api/generated/core-v1.ts";
import type { ContainerSecurityContext, NamespaceOption, SandboxSecurityContext, SecurityProfile } from "../../cri/index.ts";
import { allContainers, podText } from "./containers.ts";

const MASKED_PATHS = [
  "/proc/asound",
  "/proc/acpi",
  "/proc/interrupts",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/sys/firmware",
  "/sys/devices/virtual/powercap",
];
const READONLY_PATHS = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/** The user an image says it runs as. */
export interface ImageUser {
  uid?: number;
  username: string;
}

function effectiveSecurityContext(pod: Pod, container: Container): SecurityContext {
  const { runAsUser, runAsGroup, runAsNonRoot, seLinuxOptions } = pod.spec.securityContext ?? {};
  const inherited = { runAsUser, runAsGroup, runAsNonRoot, seLinuxOptions };
  return { ...inherited, ...container.securityContext };
}

/** `targetId`: an ephemeral container looks at the processes of this container. */
function namespaceOptions(pod: Pod, targetId?: string): NamespaceOption {
  const { hostNetwork, hostPID, hostIPC, shareProcessNamespace } = pod.spec;
  const own = { network: hostNetwork ? "NODE" : "POD", ipc: hostIPC ? "NODE" : "POD" } as const;
  if (targetId) return { ...own, pid: "TARGET", target_id: targetId };
  return { ...own, pid: hostPID ? "NODE" : shareProcessNamespace ? "POD" : "CONTAINER" };
}

export function sandboxSecurityContext(pod: Pod): SandboxSecurityContext {
  const { runAsUser, runAsGroup } = pod.spec.securityContext ?? {};
  return {
    namespace_options: namespaceOptions(pod),
    privileged: [...allContainers(pod)].some(({ container }) => container.securityContext?.privileged),
    seccomp: { profile_type: "RuntimeDefault" },
    ...(runAsUser !== undefined && { run_as_user: { value: runAsUser } }),
    ...(runAsUser !== undefined && runAsGroup !== undefined && { run_as_group: { value: runAsGroup } }),
    supplemental_groups: supplementalGroups(pod),
  };
}

export interface SecurityInput {
  pod: Pod;
  container: Container;
  image: ImageUser;
  targetId?: string;
  /** Directory of `Localhost` seccomp profiles. */
  seccompRoot: string;
  /** Groups that volumes ask for. */
  extraGroups?: readonly number[];
}

export function containerSecurityContext(input: SecurityInput): ContainerSecurityContext {
  const { pod, container, image, targetId, seccompRoot } = input;
  const context = effectiveSecurityContext(pod, container);
  const unmasked = context.procMount === "Unmasked";
  const uid = context.runAsUser ?? image.uid;
  return {
    capabilities: { add_capabilities: context.capabilities?.add ?? [], drop_capabilities: context.capabilities?.drop ?? [] },
    privileged: !!context.privileged,
    namespace_options: namespaceOptions(pod, targetId),
    ...(uid !== undefined && { run_as_user: { value: uid } }),
    ...(uid === undefined && image.username && { run_as_username: image.username }),
    ...(context.runAsGroup !== undefined && { run_as_group: { value: context.runAsGroup } }),
    readonly_rootfs: !!context.readOnlyRootFilesystem,
    supplemental_groups: [...supplementalGroups(pod), ...(input.extraGroups ?? [])],
    ...(pod.spec.securityContext?.supplementalGroupsPolicy && {
      supplemental_groups_policy: pod.spec.securityContext.supplementalGroupsPolicy,
    }),
    no_new_privs: context.allowPrivilegeEscalation === false,
    masked_paths: unmasked ? [] : MASKED_PATHS,
    readonly_paths: unmasked ? [] : READONLY_PATHS,
    seccomp: seccompProfile(container.securityContext?.seccompProfile ?? pod.spec.securityContext?.seccompProfile, seccompRoot),
    ...appArmor(pod, container),
    ...(context.seLinuxOptions && { selinux_options: context.seLinuxOptions }),
  };
}

function supplementalGroups(pod: Pod): number[] {
  const { fsGroup, supplementalGroups = [] } = pod.spec.securityContext ?? {};
  return [...(fsGroup !== undefined ? [fsGroup] : []), ...supplementalGroups];
}

function seccompProfile(profile: SeccompProfile | undefined, root: string): SecurityProfile {
  if (profile?.type === "RuntimeDefault") return { profile_type: "RuntimeDefault" };
  if (profile?.type === "Localhost") return { profile_type: "Localhost", localhost_ref: `${root}/${profile.localhostProfile}` };
  return { profile_type: "Unconfined" };
}

function appArmor(pod: Pod, container: Container): { apparmor?: SecurityProfile } {
  const profile = appArmorProfile(pod, container);
  if (!profile) return {};
  return {
    apparmor: { profile_type: profile.type as SecurityProfile["profile_type"], localhost_ref: profile.localhostProfile ?? "" },
  };
}

const appArmorProfile = (pod: Pod, container: Container) =>
  container.securityContext?.appArmorProfile ?? pod.spec.securityContext?.appArmorProfile;

/** Some container must be confined by AppArmor. */
export const needsAppArmor = (pod: Pod): boolean =>
  [...allContainers(pod)].some(({ container }) => {
    const profile = appArmorProfile(pod, container);
    return profile !== undefined && profile.type !== "Unconfined";
  });

/** Why a container that must not run as root would; undefined: it does not. */
export function breaksNonRoot(pod: Pod, container: Container, image: ImageUser): string | undefined {
  const { runAsNonRoot, runAsUser } = effectiveSecurityContext(pod, container);
  const where = `(pod: ${JSON.stringify(podText(pod))}, container: ${container.name})`;
  if (!runAsNonRoot) return undefined;
  if (runAsUser !== undefined) return runAsUser === 0 ? `container's runAsUser breaks non-root policy ${where}` : undefined;
  if (image.uid === undefined && image.username) {
    return `container has runAsNonRoot and image has non-numeric user (${image.username}), cannot verify user is non-root ${where}`;
  }
  return image.uid === 0 ? `container has runAsNonRoot and image will run as root ${where}` : undefined;
}
