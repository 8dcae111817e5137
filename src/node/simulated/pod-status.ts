/** The status of a pod all of whose containers run and are ready. */
import type { Container, PodStatus } from "../../shared/api/generated/core-v1.ts";
import type { Pod } from "../../shared/api/index.ts";

export function runningStatus(pod: Pod, ip: string, now: string): PodStatus {
  const generation = pod.metadata.generation;
  const condition = (type: string) => ({
    type,
    status: "True",
    lastTransitionTime: now,
    ...(generation !== undefined && { observedGeneration: generation }),
  });
  const scheduled = pod.status.conditions?.find((c) => c.type === "PodScheduled") ?? condition("PodScheduled");
  const run = (container: Container) => ({
    name: container.name,
    image: container.image ?? "",
    imageID: `simulated://${container.image}`,
    containerID: `simulated://${pod.metadata.uid}/${container.name}`,
    restartCount: 0,
    ready: true,
    started: true,
    state: { running: { startedAt: now } },
    lastState: {},
  });
  const finish = (container: Container) => ({
    ...run(container),
    started: false,
    state: {
      terminated: {
        exitCode: 0,
        reason: "Completed",
        startedAt: now,
        finishedAt: now,
        containerID: `simulated://${pod.metadata.uid}/${container.name}`,
      },
    },
  });
  return {
    phase: "Running",
    startTime: now,
    podIP: ip,
    podIPs: [{ ip }],
    ...(generation !== undefined && { observedGeneration: generation }),
    conditions: [scheduled, ...["PodReadyToStartContainers", "Initialized", "ContainersReady", "Ready"].map(condition)],
    containerStatuses: (pod.spec.containers ?? []).map(run),
    ...(pod.spec.initContainers?.length && {
      initContainerStatuses: pod.spec.initContainers.map((c) => (c.restartPolicy === "Always" ? run(c) : finish(c))),
    }),
  };
}
