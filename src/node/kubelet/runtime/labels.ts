/**
 * What the kubelet writes on sandboxes and containers, so that after a restart everything it knows about running pods can be read back
 * from the runtime alone. Keys and values are upstream's: crictl and log collectors read them.
 *
 * @source pkg/kubelet/kuberuntime/labels.go, staging/src/k8s.io/kubelet/pkg/types/labels.go v1.36
 */
import { createHash } from "node:crypto";
import type { Container, LifecycleHandler, Pod } from "../../../shared/api/generated/core-v1.ts";

export const POD_NAME = "io.kubernetes.pod.name";
export const POD_NAMESPACE = "io.kubernetes.pod.namespace";
export const POD_UID = "io.kubernetes.pod.uid";
export const CONTAINER_NAME = "io.kubernetes.container.name";

const HASH = "io.kubernetes.container.hash";
const RESTART_COUNT = "io.kubernetes.container.restartCount";
const MESSAGE_PATH = "io.kubernetes.container.terminationMessagePath";
const MESSAGE_POLICY = "io.kubernetes.container.terminationMessagePolicy";
const PRE_STOP = "io.kubernetes.container.preStopHandler";
const PORTS = "io.kubernetes.container.ports";
const DELETION_GRACE = "io.kubernetes.pod.deletionGracePeriod";
const TERMINATION_GRACE = "io.kubernetes.pod.terminationGracePeriod";

export const podLabels = (pod: Pod): Record<string, string> => ({
  ...pod.metadata.labels,
  [POD_NAME]: pod.metadata.name!,
  [POD_NAMESPACE]: pod.metadata.namespace!,
  [POD_UID]: pod.metadata.uid!,
});

export const podAnnotations = (pod: Pod): Record<string, string> => ({ ...pod.metadata.annotations });

export const containerLabels = (pod: Pod, container: { name: string }): Record<string, string> => ({
  [CONTAINER_NAME]: container.name,
  [POD_NAME]: pod.metadata.name!,
  [POD_NAMESPACE]: pod.metadata.namespace!,
  [POD_UID]: pod.metadata.uid!,
});

/** Read back from annotations: how to end a container whose pod is no longer known. */
export interface ContainerNotes {
  hash: string;
  restartCount: number;
  terminationMessagePath: string;
  terminationMessagePolicy: string;
  preStop?: LifecycleHandler;
  terminationGracePeriod?: number;
}

export function containerAnnotations(pod: Pod, container: Container, restartCount: number): Record<string, string> {
  const { deletionGracePeriodSeconds } = pod.metadata;
  const { terminationGracePeriodSeconds } = pod.spec;
  return {
    [HASH]: containerHash(container),
    [RESTART_COUNT]: String(restartCount),
    [MESSAGE_PATH]: container.terminationMessagePath ?? "",
    [MESSAGE_POLICY]: container.terminationMessagePolicy ?? "",
    ...(deletionGracePeriodSeconds !== undefined && { [DELETION_GRACE]: String(deletionGracePeriodSeconds) }),
    ...(terminationGracePeriodSeconds !== undefined && { [TERMINATION_GRACE]: String(terminationGracePeriodSeconds) }),
    ...(container.lifecycle?.preStop && { [PRE_STOP]: JSON.stringify(container.lifecycle.preStop) }),
    ...(container.ports?.length && { [PORTS]: JSON.stringify(container.ports) }),
  };
}

export function readContainerNotes(annotations: Readonly<Record<string, string>>): ContainerNotes {
  const grace = annotations[TERMINATION_GRACE];
  const preStop = annotations[PRE_STOP];
  return {
    hash: annotations[HASH] ?? "",
    restartCount: Number(annotations[RESTART_COUNT] ?? 0),
    terminationMessagePath: annotations[MESSAGE_PATH] ?? "",
    terminationMessagePolicy: annotations[MESSAGE_POLICY] ?? "",
    ...(preStop && { preStop: JSON.parse(preStop) }),
    ...(grace && { terminationGracePeriod: Number(grace) }),
  };
}

/** Of the fields whose change replaces a running container: name and image, as upstream has it. */
export function containerHash(container: Container): string {
  return createHash("sha256").update(`${container.name}\0${container.image}`).digest("hex").slice(0, 8);
}
