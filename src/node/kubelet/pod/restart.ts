/**
 * Whether a container that does not run is to be started (again): the pod's restart policy, the container's own, and its rules on exit codes.
 *
 * @source pkg/kubelet/container/helpers.go ShouldContainerBeRestarted, pkg/api/v1/pod/util.go ContainerShouldRestart v1.36
 */
import type { Container, ContainerRestartRule, Pod, PodSpec } from "../../../shared/api/generated/core-v1.ts";
import { latest, type RuntimePod } from "../runtime/types.ts";

export function shouldRestart(container: Container, pod: Pod, runtime: RuntimePod): boolean {
  if (pod.metadata.deletionTimestamp) return false;
  const last = latest(runtime, container.name);
  if (!last) return true;
  if (last.state === "running") return false;
  if (last.state !== "exited") return true;
  return restartsAfter(container, pod.spec, last.exitCode);
}

export function restartsAfter(container: Container, spec: PodSpec, exitCode: number): boolean {
  if (container.restartPolicy) {
    const rule = container.restartPolicyRules?.find((rule) => ruleMatches(rule, exitCode));
    if (rule) return rule.action === "Restart";
    return byPolicy(container.restartPolicy, exitCode);
  }
  return byPolicy(spec.restartPolicy ?? "Always", exitCode);
}

function byPolicy(policy: string, exitCode: number): boolean {
  return policy === "Always" || (policy === "OnFailure" && exitCode !== 0);
}

function ruleMatches(rule: ContainerRestartRule, exitCode: number): boolean {
  const codes = rule.exitCodes?.values ?? [];
  if (rule.exitCodes?.operator === "In") return codes.includes(exitCode);
  if (rule.exitCodes?.operator === "NotIn") return !codes.includes(exitCode);
  return false;
}
