/** Small questions about a pod's spec that many decisions ask. */
import type { Container, Pod } from "../../../shared/api/generated/core-v1.ts";

export const isSidecar = (container: Container): boolean => container.restartPolicy === "Always";

export const initContainers = (pod: Pod): Container[] => pod.spec.initContainers ?? [];
export const regularContainers = (pod: Pod): Container[] => pod.spec.containers ?? [];
export const ephemeralContainers = (pod: Pod): Container[] =>
  (pod.spec.ephemeralContainers ?? []).map((container) => ({ ...container, resources: container.resources ?? {} }) as Container);

export type ContainerRole = "init" | "regular" | "ephemeral";

export function* allContainers(pod: Pod): Iterable<{ container: Container; role: ContainerRole; index: number }> {
  for (const [index, container] of initContainers(pod).entries()) yield { container, role: "init", index };
  for (const [index, container] of regularContainers(pod).entries()) yield { container, role: "regular", index };
  for (const [index, container] of ephemeralContainers(pod).entries()) yield { container, role: "ephemeral", index };
}

/** `spec.containers{name}`: how events say which container they speak of. */
export function fieldPathOf(role: ContainerRole, name: string): string {
  const list = { init: "spec.initContainers", regular: "spec.containers", ephemeral: "spec.ephemeralContainers" }[role];
  return `${list}{${name}}`;
}

/** How log lines and messages name a pod: `name_namespace(uid)`. */
export const podText = (pod: Pod): string => `${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`;

export const isTerminalPhase = (phase: string | undefined): boolean => phase === "Succeeded" || phase === "Failed";
