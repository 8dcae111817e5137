/** Pods as a node may write them: mirrors of what it runs by itself, the status of its own, and their end. */
import { deepEqual } from "../../../../shared/apimachinery/patch/index.ts";
import type { PodSpec } from "../../../../shared/api/generated/core-v1.ts";
import { Node, Pod } from "../../../../shared/api/index.ts";
import { notFound } from "../../../../shared/apimachinery/errors.ts";
import { configMapsOf, secretsOf } from "../../pod-references.ts";
import { refuse } from "../refuse.ts";
import type { NodeRequest } from "./request.ts";

const MIRROR_POD = "kubernetes.io/config.mirror";
const q = (text: string) => JSON.stringify(text);

export function createPod({ node, attributes, server }: NodeRequest): void {
  const { metadata, spec } = attributes.object as Pod;
  if (metadata.annotations?.[MIRROR_POD] === undefined) {
    throw refuse(attributes, `pod does not have ${q(MIRROR_POD)} annotation, node ${q(node)} can only create mirror pods`);
  }
  if (spec.nodeName !== node) throw refuse(attributes, `node ${q(node)} can only create pods with spec.nodeName set to itself`);
  const fault = ownerFault(node, metadata.ownerReferences ?? []);
  if (fault) throw refuse(attributes, `node ${q(node)} ${fault}`);
  const found = server.cache(Node).get(node);
  if (!found) throw notFound({ group: "", resource: "node" }, node);
  const { uid } = metadata.ownerReferences![0]!;
  if (uid !== found.metadata.uid)
    throw refuse(attributes, `node ${node} UID mismatch: expected ${uid} got ${found.metadata.uid}`);
  const referenced = referencedResource(spec);
  if (referenced) throw refuse(attributes, `node ${q(node)} can not create pods that reference ${referenced}`);
}

type Owners = NonNullable<Pod["metadata"]["ownerReferences"]>;

function ownerFault(node: string, owners: Owners): string | undefined {
  const [owner] = owners;
  if (owners.length > 1) return "can only create pods with a single owner reference set to itself";
  if (!owner || owner.apiVersion !== "v1" || owner.kind !== "Node" || owner.name !== node) {
    return "can only create pods with an owner reference set to itself";
  }
  if (!owner.controller) return "can only create pods with a controller owner reference set to itself";
  return owner.blockOwnerDeletion ? "must not set blockOwnerDeletion on an owner reference" : undefined;
}

/** A kind of API object that the pod would give access to. */
function referencedResource(spec: PodSpec): string | undefined {
  if (spec.serviceAccountName) return "serviceaccounts";
  if (!secretsOf(spec).next().done) return "secrets";
  if (!configMapsOf(spec).next().done) return "configmaps";
  if (spec.resourceClaims?.length) return "resourceclaims";
  return spec.volumes?.some((v) => v.persistentVolumeClaim || v.ephemeral) ? "persistentvolumeclaims" : undefined;
}

export function deletePod(request: NodeRequest): void {
  const { node, attributes } = request;
  if (nodeOf(request, attributes.name) === node) return;
  throw refuse(attributes, `node ${q(node)} can only delete pods with spec.nodeName set to itself`);
}

export function evictPod(request: NodeRequest): void {
  const { node, attributes } = request;
  const name = attributes.name || attributes.object?.metadata.name;
  if (!name) throw refuse(attributes, "could not determine pod from request data");
  if (nodeOf(request, name) === node) return;
  throw refuse(attributes, `node ${node} can only evict pods with spec.nodeName set to itself`);
}

function nodeOf({ attributes, server }: NodeRequest, name: string): string | undefined {
  const pod = server.cache(Pod).get(`${attributes.namespace}/${name}`);
  if (!pod) throw notFound({ group: "", resource: "pod" }, name);
  return pod.spec.nodeName;
}

export function updatePodStatus({ node, attributes }: NodeRequest): void {
  const pod = attributes.object as Pod;
  const old = attributes.oldObject as Pod;
  if (old.spec.nodeName !== node)
    throw refuse(attributes, `node ${q(node)} can only update pod status for pods with spec.nodeName set to itself`);
  if (!deepEqual(old.metadata.labels ?? {}, pod.metadata.labels ?? {})) {
    throw refuse(attributes, `node ${q(node)} cannot update labels through pod status`);
  }
  if (!deepEqual(old.status?.resourceClaimStatuses ?? [], pod.status?.resourceClaimStatuses ?? [])) {
    throw refuse(attributes, `node ${q(node)} cannot update resource claim statues`);
  }
  if (!deepEqual(old.status?.extendedResourceClaimStatus, pod.status?.extendedResourceClaimStatus)) {
    throw refuse(attributes, `node ${q(node)} cannot update extended resource claim status`);
  }
}
