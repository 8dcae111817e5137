/** Objects that a node has one of, or that name it: lease, CSINode, resource slices, signing requests, and the status of claims. */
import { deepEqual } from "../../../../shared/apimachinery/patch/index.ts";
import type { CertificateSigningRequest, PersistentVolumeClaim, ResourceSlice } from "../../../../shared/api/index.ts";
import { readSigningRequest } from "../../../../shared/component/pki/index.ts";
import { refuse } from "../refuse.ts";
import type { NodeRequest } from "./request.ts";

const KUBELET_SIGNERS = ["kubernetes.io/kubelet-serving", "kubernetes.io/kube-apiserver-client-kubelet"];

const nameOf = ({ attributes }: NodeRequest) =>
  attributes.operation === "CREATE" ? attributes.object?.metadata.name : attributes.name;

export function lease(request: NodeRequest): void {
  const { node, attributes } = request;
  if (attributes.namespace !== "kube-node-lease")
    throw refuse(attributes, 'can only access leases in the "kube-node-lease" system namespace');
  if (nameOf(request) !== node) throw refuse(attributes, "can only access node lease with the same name as the requesting node");
}

export function csiNode(request: NodeRequest): void {
  if (nameOf(request) !== request.node)
    throw refuse(request.attributes, "can only access CSINode with the same name as the requesting node");
}

export function resourceSlice({ node, attributes }: NodeRequest): void {
  const { operation, object, oldObject } = attributes;
  if (operation === "UPDATE") return;
  const slice = (operation === "CREATE" ? object : oldObject) as ResourceSlice;
  if (slice.spec.nodeName === node) return;
  throw refuse(attributes, `can only ${operation.toLowerCase()} ResourceSlice with the same NodeName as the requesting node`);
}

export function signingRequest({ node, attributes }: NodeRequest): void {
  if (attributes.operation !== "CREATE") return;
  const { signerName, request } = (attributes.object as CertificateSigningRequest).spec;
  if (!KUBELET_SIGNERS.includes(signerName)) return;
  let commonName: string;
  try {
    ({ commonName } = readSigningRequest(Buffer.from(request, "base64").toString()).subject);
  } catch (error) {
    throw refuse(attributes, `unable to parse csr: ${(error as Error).message}`);
  }
  if (commonName !== `system:node:${node}`) throw refuse(attributes, `can only create a node CSR with CN=system:node:${node}`);
}

export function claimStatus({ node, attributes }: NodeRequest): void {
  if (attributes.subresource !== "status") throw refuse(attributes, "may only update PVC status");
  if (attributes.operation !== "UPDATE") throw refuse(attributes, `unexpected operation ${JSON.stringify(attributes.operation)}`);
  if (deepEqual(fixedPart(attributes.object as PersistentVolumeClaim), fixedPart(attributes.oldObject as PersistentVolumeClaim)))
    return;
  throw refuse(
    attributes,
    `node ${JSON.stringify(node)} is not allowed to update fields other than status.quantity and status.conditions`,
  );
}

/** A claim without what a node may report. */
function fixedPart({ metadata, spec, status = {} }: PersistentVolumeClaim): object {
  const { resourceVersion: _, managedFields: __, ...fixedMetadata } = metadata;
  const {
    capacity: ___,
    conditions: ____,
    allocatedResourceStatuses: _____,
    allocatedResources: ______,
    ...fixedStatus
  } = status;
  return { metadata: fixedMetadata, spec, status: fixedStatus };
}
