/**
 * The order of init containers: one after the other, each when the one before has ended well; a restartable one (a sidecar) counts as
 * done when it has started, and is kept running afterwards.
 *
 * Walks backwards from the last one, because records of those long done may be gone from the runtime.
 *
 * @source pkg/kubelet/kuberuntime/kuberuntime_container.go computeInitContainerActions v1.36
 */
import type { Pod } from "../../../shared/api/generated/core-v1.ts";
import { latest, type RuntimePod } from "../runtime/types.ts";
import type { PodActions, ProbeView } from "./actions.ts";
import { killOfUnknown } from "./kill-of-unknown.ts";
import { containerHash } from "../runtime/labels.ts";
import { initContainers, isSidecar, regularContainers } from "./containers.ts";
import { shouldRestart } from "./restart.ts";

/** Fills `initToStart` and `toKill`, or `killPod`; true when regular containers may run. */
export function planInitContainers(pod: Pod, runtime: RuntimePod, probes: ProbeView, actions: PodActions): boolean {
  const inits = initContainers(pod);
  if (inits.length === 0) return true;
  let initialized = regularContainers(pod).some(({ name }) =>
    ["created", "running"].includes(latest(runtime, name)?.state ?? ""),
  );
  let laterOneRan = initialized;
  const start: number[] = [];
  for (let index = inits.length - 1; index >= 0; index--) {
    const container = inits[index]!;
    const last = latest(runtime, container.name);
    const done = () => {
      if (index === inits.length - 1) initialized = true;
      else if (!laterOneRan) start.push(index + 1);
    };
    if (!last) {
      if (laterOneRan && isSidecar(container)) start.push(index);
      continue;
    }
    if (laterOneRan && !isSidecar(container)) continue;
    switch (last.state) {
      case "created":
        // It failed to start: creating and starting are one step.
        start.push(index);
        break;
      case "running":
        if (isSidecar(container)) planRunningSidecar(index);
        break;
      case "exited":
        if (isSidecar(container)) start.push(index);
        else if (last.exitCode === 0) done();
        else if (shouldRestart(container, pod, runtime)) start.push(index);
        else return giveUp();
        break;
      default:
        if (!isSidecar(container) && (container.restartPolicy ?? pod.spec.restartPolicy) === "Never") return giveUp();
        actions.toKill.push(killOfUnknown(container, last));
        start.push(index);
    }
    laterOneRan = true;

    function planRunningSidecar(index: number): void {
      const started = container.startupProbe ? probes.startup(last!.id) : true;
      const restart = (reason: "StartupProbe" | "LivenessProbe" | "DefinitionChanged" | "Resize", what: string) => {
        actions.toKill.push({
          id: last!.id,
          name: container.name,
          container,
          reason,
          message: `Init container ${container.name} ${what}`,
        });
        start.push(index);
      };
      if (started === false) restart("StartupProbe", "failed startup probe");
      if (!started) return;
      done();
      if (last!.notes.hash !== containerHash(container)) restart("DefinitionChanged", "definition changed");
      else if (probes.liveness(last!.id) === false) restart("LivenessProbe", "failed liveness probe");
      else if (probes.mustRestart?.(last!.id)) restart("Resize", "resize requires restart");
    }
  }
  if (!laterOneRan) start.push(0);
  actions.initToStart = start.toReversed().map((index) => inits[index]!);
  return initialized;

  function giveUp(): false {
    actions.killPod = true;
    actions.initToStart = [];
    return false;
  }
}
