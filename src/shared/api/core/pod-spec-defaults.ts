/**
 * What a pod specification says when it does not say it: the same in a Pod and in every template of one. `setPodDefaults` adds
 * what only real pods get.
 *
 * @source pkg/apis/core/v1/defaults.go v1.36
 */

import { AddedQuantities, roundUpToMilli } from "./resource-lists.ts";
import type {
  Container,
  ContainerPort,
  EphemeralContainer,
  HTTPGetAction,
  LifecycleHandler,
  Pod,
  PodSpec,
  PodTemplateSpec,
  Probe,
  ResourceRequirements,
  Volume,
} from "../generated/core-v1.ts";

type AnyContainer = Container | EphemeralContainer;

export function setTemplateDefaults(template: PodTemplateSpec | undefined): void {
  if (template?.spec) setPodSpecDefaults(template.spec);
}

function setPodSpecDefaults(spec: PodSpec): void {
  spec.dnsPolicy ||= "ClusterFirst";
  spec.restartPolicy ||= "Always";
  spec.securityContext ??= {};
  spec.terminationGracePeriodSeconds ??= 30;
  spec.schedulerName ||= "default-scheduler";
  // The deprecated name follows the new one both ways.
  if (spec.serviceAccountName) spec.serviceAccount = spec.serviceAccountName;
  else if (spec.serviceAccount) spec.serviceAccountName = spec.serviceAccount;
  for (const volume of spec.volumes ?? []) setVolumeDefaults(volume);
  for (const container of containersOf(spec)) setContainerDefaults(container);
  roundUpToMilli(spec.overhead);
  roundResources(spec.resources);
}

/** Every container of a specification: init, regular, ephemeral. */
export function containersOf(spec: PodSpec): AnyContainer[] {
  return [...(spec.initContainers ?? []), ...(spec.containers ?? []), ...(spec.ephemeralContainers ?? [])];
}

function setHostPorts(ports: ContainerPort[] | undefined): void {
  for (const port of ports ?? []) if (!port.hostPort) port.hostPort = port.containerPort;
}

function setContainerDefaults(container: AnyContainer): void {
  container.imagePullPolicy ||= isLatest(container.image ?? "") ? "Always" : "IfNotPresent";
  container.terminationMessagePath ||= "/dev/termination-log";
  container.terminationMessagePolicy ||= "File";
  for (const port of container.ports ?? []) port.protocol ||= "TCP";
  for (const { valueFrom } of container.env ?? []) if (valueFrom?.fieldRef) valueFrom.fieldRef.apiVersion ||= "v1";
  for (const probe of [container.livenessProbe, container.readinessProbe, container.startupProbe]) setProbeDefaults(probe);
  setHookDefaults(container.lifecycle?.postStart);
  setHookDefaults(container.lifecycle?.preStop);
  roundResources(container.resources);
}

function setProbeDefaults(probe: Probe | undefined): void {
  if (!probe) return;
  probe.timeoutSeconds ||= 1;
  probe.periodSeconds ||= 10;
  probe.successThreshold ||= 1;
  probe.failureThreshold ||= 3;
  if (probe.grpc) probe.grpc.service ??= "";
  setHttpDefaults(probe.httpGet);
}

function setHookDefaults(hook: LifecycleHandler | undefined): void {
  setHttpDefaults(hook?.httpGet);
}

function setHttpDefaults(action: HTTPGetAction | undefined): void {
  if (!action) return;
  action.path ||= "/";
  action.scheme ||= "HTTP";
}

function setVolumeDefaults(volume: Volume): void {
  const sources = Object.keys(volume).filter((key) => key !== "name" && volume[key as keyof Volume] !== undefined);
  if (!sources.length) volume.emptyDir = {};
  if (volume.image) volume.image.pullPolicy ||= isLatest(volume.image.reference ?? "") ? "Always" : "IfNotPresent";
  if (volume.secret) volume.secret.defaultMode ??= 0o644;
  if (volume.configMap) volume.configMap.defaultMode ??= 0o644;
  if (volume.hostPath) volume.hostPath.type ??= "";
  if (volume.downwardAPI) volume.downwardAPI.defaultMode ??= 0o644;
  for (const item of volume.downwardAPI?.items ?? []) if (item.fieldRef) item.fieldRef.apiVersion ||= "v1";
  if (volume.projected) setProjectedDefaults(volume.projected);
  const claim = volume.ephemeral?.volumeClaimTemplate;
  if (claim) {
    claim.spec.volumeMode ??= "Filesystem";
  }
  setDriverDefaults(volume);
}

function setProjectedDefaults(projected: NonNullable<Volume["projected"]>): void {
  projected.defaultMode ??= 0o644;
  for (const source of projected.sources ?? []) {
    if (source.serviceAccountToken) source.serviceAccountToken.expirationSeconds ??= 3600;
    for (const item of source.downwardAPI?.items ?? []) if (item.fieldRef) item.fieldRef.apiVersion ||= "v1";
  }
}

/** Storage drivers that were once built in. */
function setDriverDefaults({ iscsi, rbd, azureDisk, scaleIO }: Volume): void {
  if (iscsi) iscsi.iscsiInterface ||= "default";
  if (rbd) {
    rbd.pool ||= "rbd";
    rbd.user ||= "admin";
    rbd.keyring ||= "/etc/ceph/keyring";
  }
  if (azureDisk) {
    azureDisk.cachingMode ??= "ReadWrite";
    azureDisk.kind ??= "Shared";
    azureDisk.fsType ??= "ext4";
    azureDisk.readOnly ??= false;
  }
  if (scaleIO) {
    scaleIO.storageMode ||= "ThinProvisioned";
    scaleIO.fsType ||= "xfs";
  }
}

function roundResources(resources: ResourceRequirements | undefined): void {
  roundUpToMilli(resources?.limits);
  roundUpToMilli(resources?.requests);
}

const LABEL = "[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?";
const REGISTRY = `(?:${LABEL}(?:\\.${LABEL})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const PART = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const IMAGE = new RegExp(`^(?<name>(?:${REGISTRY}/)?${PART}(?:/${PART})*)(?::(?<tag>\\w[\\w.-]{0,127}))?(?<digest>@[^@]+)?$`);

const MAX_IMAGE_NAME = 255;

/** No tag and no digest, or the tag `latest`, with a digest too. What names no image is not. */
function isLatest(image: string): boolean {
  const parts = IMAGE.exec(image)?.groups;
  return (
    parts !== undefined &&
    parts.name!.length <= MAX_IMAGE_NAME &&
    (parts.tag === "latest" || (parts.tag === undefined && parts.digest === undefined))
  );
}

/** What a pod gets beyond its template: requests from limits, and links to services. */
export function setPodDefaults(pod: Pod): void {
  const { spec } = pod;
  setPodSpecDefaults(spec);
  if (spec.terminationGracePeriodSeconds! < 0) spec.terminationGracePeriodSeconds = 1;
  for (const container of [...(spec.containers ?? []), ...(spec.initContainers ?? [])]) {
    setRequestsFromLimits(container.resources);
    if (spec.hostNetwork) setHostPorts(container.ports);
  }
  setPodRequests(spec);
  spec.enableServiceLinks ??= true;
}

function setRequestsFromLimits(resources: ResourceRequirements | undefined): void {
  if (!resources?.limits || !Object.keys(resources.limits).length) return;
  resources.requests = { ...resources.limits, ...resources.requests };
}

const POD_LEVEL = (name: string) => name === "cpu" || name === "memory" || name.startsWith("hugepages-");

/** Pod-level requests follow the containers' where those say anything, else the pod-level limits. */
function setPodRequests(spec: PodSpec): void {
  const limits = spec.resources?.limits;
  if (!limits || !Object.keys(limits).length) return;
  const requests = { ...spec.resources!.requests };
  const sum = new AddedQuantities();
  for (const container of spec.containers ?? []) sum.add(container.resources?.requests);
  for (const [name, quantity] of sum.entries())
    if (!name.startsWith("hugepages-") && POD_LEVEL(name)) requests[name] ??= quantity;
  for (const [name, quantity] of Object.entries(limits)) if (POD_LEVEL(name)) requests[name] ??= quantity;
  if (Object.keys(requests).length) spec.resources!.requests = requests;
}
