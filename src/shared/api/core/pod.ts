import type { Pod as T } from "../generated/core-v1.ts";
import { facts } from "../generated/kinds.ts";
import { nameWarnings } from "../name-warnings.ts";
import { defineKind } from "../kind.ts";
import { podCells } from "./pod-cells.ts";
import { setPodDefaults } from "./pod-spec-defaults.ts";
import { qosClassOf } from "./qos.ts";
import { formatTime } from "../../lib/platform.ts";
import { applyAppArmor, applyLabelKeys, dropDisabled } from "./pod-creation.ts";
import { podWarnings } from "./validation/pod-warnings.ts";
import { validateNewPod } from "./validation/pod.ts";
import { validateResize } from "./validation/pod-resize.ts";
import { statusWarnings, validatePodStatus } from "./validation/pod-status.ts";
import { validateEphemeralUpdate, validatePodUpdate } from "./validation/pod-update.ts";

export const Pod = defineKind<T>({
  ...facts["v1/pods"],
  returnDeletedObject: true,
  cells: podCells,
  setDefaults: setPodDefaults,
  generation: true,
  selectableFields: {
    "spec.nodeName": (pod) => pod.spec.nodeName ?? "",
    "spec.restartPolicy": (pod) => pod.spec.restartPolicy ?? "",
    "spec.schedulerName": (pod) => pod.spec.schedulerName ?? "",
    "spec.serviceAccountName": (pod) => pod.spec.serviceAccountName ?? "",
    "spec.hostNetwork": (pod) => String(pod.spec.hostNetwork ?? false),
    "status.phase": (pod) => pod.status.phase ?? "",
    "status.podIP": (pod) => pod.status.podIP ?? "",
    "status.podIPs": (pod) => (pod.status.podIPs ?? []).map(({ ip }) => ip).join(","),
    "status.nominatedNodeName": (pod) => pod.status.nominatedNodeName ?? "",
  },
  prepareForCreate(pod, { now, warn }) {
    pod.status = { phase: "Pending", qosClass: qosClassOf(pod.spec) };
    if (pod.spec.schedulingGates?.length) pod.status.conditions = [schedulingGated(now)];
    dropDisabled(pod.spec);
    applyLabelKeys(pod);
    for (const text of applyAppArmor(pod)) warn?.(text);
  },
  prepareForUpdate(pod, old) {
    pod.status = old.status;
    dropDisabled(pod.spec);
  },
  revalidatesMetadata: true,
  validate(pod, { subresource }, old) {
    if (!old) return validateNewPod(pod);
    if (subresource === "ephemeralcontainers") return validateEphemeralUpdate(pod, old);
    return subresource === "resize" ? validateResize(pod, old) : validatePodUpdate(pod, old);
  },
  prepareForStatusUpdate({ status }, old) {
    if (old.status.qosClass) status.qosClass ||= old.status.qosClass;
    alignIps(status, "podIP", "podIPs");
    alignIps(status, "hostIP", "hostIPs");
    keepObserved(status, old.status);
  },
  validateStatusUpdate: validatePodStatus,
  warnings(pod, old, { subresource }) {
    if (subresource === "status") return statusWarnings(pod);
    if (old) return [];
    return [...nameWarnings(pod.metadata.name, old, "this is used in the Pod's hostname"), ...podWarnings("", pod)];
  },
  doors: {
    ephemeralcontainers(pod, old) {
      const { ephemeralContainers } = pod.spec;
      pod.status = old.status;
      pod.spec = { ...old.spec };
      delete pod.spec.ephemeralContainers;
      if (ephemeralContainers) pod.spec.ephemeralContainers = ephemeralContainers;
    },
    resize(pod, old) {
      const { containers, initContainers } = pod.spec;
      // Containers that come, go or change places are left for validation to refuse.
      if (!sameNames(containers, old.spec.containers) || !sameNames(initContainers, old.spec.initContainers)) return;
      pod.status = old.status;
      pod.spec = { ...old.spec, containers: resized(containers, old.spec.containers)! };
      if (initContainers) pod.spec.initContainers = resized(initContainers, old.spec.initContainers)!;
    },
  },
  gracePeriodSeconds(pod, requested) {
    if (!pod.spec.nodeName) return 0; // nobody runs it
    if (pod.status.phase === "Succeeded" || pod.status.phase === "Failed") return 0;
    return requested ?? pod.spec.terminationGracePeriodSeconds ?? 30;
  },
});
export type Pod = T;

function schedulingGated(now: number): NonNullable<T["status"]["conditions"]>[number] {
  return {
    type: "PodScheduled",
    status: "False",
    lastTransitionTime: formatTime(now),
    reason: "SchedulingGated",
    message: "Scheduling is blocked due to non-empty scheduling gates",
  };
}

type Container = NonNullable<T["spec"]["containers"]>[number];

function sameNames(now: Container[] = [], old: Container[] = []): boolean {
  return now.length === old.length && now.every(({ name }, i) => name === old[i]!.name);
}

function resized(now: Container[] | undefined, old: Container[] = []): Container[] | undefined {
  return now?.map(({ resources, resizePolicy }, i) => {
    const { resizePolicy: _old, ...container } = old[i]!;
    return { ...container, resources, ...(resizePolicy && { resizePolicy }) };
  });
}

/** Who knows one address only means the first of several. */
function alignIps(status: T["status"], one: "podIP" | "hostIP", all: "podIPs" | "hostIPs"): void {
  const [ip, list] = [status[one], status[all] ?? []];
  if (ip && list[0]?.ip !== ip) status[all] = [{ ip }];
  else if (!ip && list[0]?.ip) status[one] = list[0].ip;
}

/** Who does not know the generation that a status was made of leaves what is known. */
function keepObserved(status: T["status"], old: T["status"]): void {
  if (!status.observedGeneration && old.observedGeneration) status.observedGeneration = old.observedGeneration;
  for (const condition of status.conditions ?? []) {
    const known = old.conditions?.find(({ type }) => type === condition.type)?.observedGeneration;
    if (!condition.observedGeneration && known) condition.observedGeneration = known;
  }
}
