/** Everything a pod names: secrets, config maps, claims. */
import type { Container, EphemeralContainer, PodSpec, Volume } from "../../shared/api/generated/core-v1.ts";

export type AnyContainer = Container | EphemeralContainer;

export function* containersOf(spec: PodSpec): Generator<AnyContainer> {
  yield* spec.initContainers ?? [];
  yield* spec.containers ?? [];
  yield* spec.ephemeralContainers ?? [];
}

/** Names of secrets: pull secrets, environment, volumes of all kinds that take one. */
export function* secretsOf(spec: PodSpec): Generator<string> {
  for (const { name } of spec.imagePullSecrets ?? []) if (name) yield name;
  for (const container of containersOf(spec)) yield* secretsOfContainer(container);
  for (const volume of spec.volumes ?? []) yield* secretsOfVolume(volume);
}

function* secretsOfContainer(container: AnyContainer): Generator<string> {
  for (const { secretRef } of container.envFrom ?? []) if (secretRef?.name) yield secretRef.name;
  for (const { valueFrom } of container.env ?? []) if (valueFrom?.secretKeyRef?.name) yield valueFrom.secretKeyRef.name;
}

function* secretsOfVolume(volume: Volume): Generator<string> {
  const { azureFile, secret, projected } = volume;
  if (azureFile?.secretName) yield azureFile.secretName;
  if (secret?.secretName) yield secret.secretName;
  for (const source of projected?.sources ?? []) if (source.secret?.name) yield source.secret.name;
  const withRef = [volume.cephfs, volume.cinder, volume.flexVolume, volume.rbd, volume.scaleIO, volume.iscsi, volume.storageos];
  for (const source of withRef) if (source?.secretRef?.name) yield source.secretRef.name;
  if (volume.csi?.nodePublishSecretRef?.name) yield volume.csi.nodePublishSecretRef.name;
}

export function* configMapsOf(spec: PodSpec): Generator<string> {
  for (const container of containersOf(spec)) {
    for (const { configMapRef } of container.envFrom ?? []) if (configMapRef?.name) yield configMapRef.name;
    for (const { valueFrom } of container.env ?? []) if (valueFrom?.configMapKeyRef?.name) yield valueFrom.configMapKeyRef.name;
  }
  for (const { configMap, projected } of spec.volumes ?? []) {
    if (configMap?.name) yield configMap.name;
    for (const source of projected?.sources ?? []) if (source.configMap?.name) yield source.configMap.name;
  }
}

/** Claims by name; an ephemeral volume's claim is called after pod and volume. */
export function* claimsOf(spec: PodSpec, podName: string): Generator<string> {
  for (const { name, persistentVolumeClaim, ephemeral } of spec.volumes ?? []) {
    if (persistentVolumeClaim) yield persistentVolumeClaim.claimName;
    else if (ephemeral) yield `${podName}-${name}`;
  }
}
