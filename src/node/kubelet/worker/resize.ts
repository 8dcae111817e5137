/**
 * Changing the resources of a running pod. Three things are kept apart: what the spec asks for, what the node has granted (allocated),
 * and what containers really have (applied).
 *
 *     spec ──fits?──► allocated ──update, or restart where the container wants it──► applied
 *
 * Both later ones stand in the pod's status, so that a restarted kubelet knows them.
 *
 * @source pkg/kubelet/allocation/allocation_manager.go, KEP 1287
 */
import type { Container, Pod, ResourceRequirements } from "../../../shared/api/generated/core-v1.ts";
import { Quantity } from "../../../shared/apimachinery/quantity.ts";
import { initContainers, isSidecar, regularContainers } from "../pod/containers.ts";
import { latest, type RuntimeContainer, type RuntimePod } from "../runtime/types.ts";

const RESIZABLE = ["cpu", "memory"] as const;

export interface ResizePending {
  /** Never, or not now. */
  reason: "Infeasible" | "Deferred";
  message: string;
}

/** undefined: the node has room for the pod as it is given. */
export type RoomFor = (pod: Pod) => ResizePending | undefined;

interface Applied {
  /** Empty: whichever container runs when it is asked for first. */
  id: string;
  resources: ResourceRequirements;
}

export interface ToApply {
  container: Container;
  record: RuntimeContainer;
  /** One of the changes takes effect with a new process only. */
  restart: boolean;
}

export class PodResize {
  #allocated: Map<string, ResourceRequirements>;
  readonly #applied = new Map<string, Applied>();
  #pending: ResizePending | undefined;

  constructor(pod: Pod) {
    this.#allocated = rememberedAllocation(pod);
    for (const [name, resources] of this.#allocated) this.#applied.set(name, { id: "", resources });
  }

  get pending(): ResizePending | undefined {
    return this.#pending;
  }

  /** The pod as it is granted: with new resources when there is room, with the old ones otherwise. */
  grant(pod: Pod, room: RoomFor): Pod {
    const wanted = new Map(resizable(pod).map(({ name, resources }) => [name, resources ?? {}]));
    const changed = [...wanted].some(([name, resources]) => !sameResources(resources, this.#allocated.get(name) ?? resources));
    this.#pending = changed ? room(pod) : undefined;
    if (!changed || !this.#pending) this.#allocated = wanted;
    return this.#pending ? withResources(pod, this.#allocated) : pod;
  }

  started(container: Container, id: string): void {
    this.#applied.set(container.name, { id, resources: container.resources });
  }

  applied(name: string): ResourceRequirements | undefined {
    return this.#applied.get(name)?.resources;
  }

  /** `pod` is a granted one. */
  toApply(pod: Pod, runtime: RuntimePod): ToApply[] {
    return resizable(pod).flatMap((container) => {
      const record = latest(runtime, container.name);
      const applied = this.#applied.get(container.name);
      if (record?.state !== "running" || !applied) return [];
      if (applied.id && applied.id !== record.id) return [];
      applied.id = record.id;
      const changed = changedResources(applied.resources, container.resources);
      if (changed.length === 0) return [];
      const restart = changed.some(
        (name) => container.resizePolicy?.find((p) => p.resourceName === name)?.restartPolicy === "RestartContainer",
      );
      return [{ container, record, restart }];
    });
  }
}

/** Those whose resources may change: init containers that end do not count. */
const resizable = (pod: Pod): Container[] => [...initContainers(pod).filter(isSidecar), ...regularContainers(pod)];

function rememberedAllocation(pod: Pod): Map<string, ResourceRequirements> {
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  return new Map(
    resizable(pod).map(({ name, resources }) => {
      const told = statuses.find((status) => status.name === name);
      if (!told?.resources || !told.containerID) return [name, resources ?? {}];
      return [name, { ...resources, ...told.resources, ...(told.allocatedResources && { requests: told.allocatedResources }) }];
    }),
  );
}

function withResources(pod: Pod, allocated: ReadonlyMap<string, ResourceRequirements>): Pod {
  const replace = (containers: Container[] | undefined) =>
    containers?.map((container) => ({ ...container, resources: allocated.get(container.name) ?? container.resources }));
  const { initContainers, containers } = pod.spec;
  return {
    ...pod,
    spec: { ...pod.spec, ...(initContainers && { initContainers: replace(initContainers)! }), containers: replace(containers)! },
  };
}

const sameResources = (a: ResourceRequirements, b: ResourceRequirements) => changedResources(a, b).length === 0;

function changedResources(a: ResourceRequirements, b: ResourceRequirements): string[] {
  const same = (x: string | undefined, y: string | undefined) =>
    x === y || (x !== undefined && y !== undefined && Quantity.parse(x).cmp(Quantity.parse(y)) === 0);
  return RESIZABLE.filter((name) => !same(a.requests?.[name], b.requests?.[name]) || !same(a.limits?.[name], b.limits?.[name]));
}
