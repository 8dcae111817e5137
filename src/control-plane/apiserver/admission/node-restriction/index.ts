/**
 * NodeRestriction: a kubelet writes its own node, the pods bound to it and what belongs to them, and of those only what is a kubelet's.
 *
 * @source plugin/pkg/admission/noderestriction/admission.go v1.36
 */
import type { AdmissionPlugin, Authorizer } from "../../types.ts";
import { nodeIdentity } from "../../authz/index.ts";
import { refuse } from "../refuse.ts";
import { createPod, deletePod, evictPod, updatePodStatus } from "./pods.ts";
import { createNode, updateNode } from "./nodes.ts";
import { claimStatus, csiNode, lease, resourceSlice, signingRequest } from "./own-objects.ts";
import type { NodeRequest } from "./request.ts";
import { tokenFor } from "./tokens.ts";

/** Throws where the node must not. */
type Check = (request: NodeRequest) => void | Promise<void>;

export function nodeRestriction(authorizer: Authorizer): AdmissionPlugin {
  return {
    name: "NodeRestriction",
    handles: ({ operation, user }) => operation !== "CONNECT" && nodeIdentity(user) !== undefined,
    admit(attributes, server) {
      const node = nodeIdentity(attributes.user);
      if (!node) throw refuse(attributes, `could not determine node from user ${JSON.stringify(attributes.user.name)}`);
      return checks[`${attributes.kind.group}/${attributes.kind.plural}`]?.({ node, attributes, server, authorizer });
    },
  };
}

const checks: Readonly<Record<string, Check>> = {
  "/pods": pods,
  "/nodes": nodes,
  "/persistentvolumeclaims": claimStatus,
  "/serviceaccounts": tokenFor,
  "coordination.k8s.io/leases": lease,
  "storage.k8s.io/csinodes": csiNode,
  "resource.k8s.io/resourceslices": resourceSlice,
  "certificates.k8s.io/certificatesigningrequests": signingRequest,
};

function pods(request: NodeRequest): void {
  const { node, attributes } = request;
  const { subresource, operation } = attributes;
  const unexpected = `unexpected operation ${JSON.stringify(operation)}`;
  if (subresource === "") {
    if (operation === "CREATE") return createPod(request);
    if (operation === "DELETE") return deletePod(request);
    throw refuse(attributes, `${unexpected}, node ${JSON.stringify(node)} can only create and delete mirror pods`);
  }
  if (subresource === "status" && operation === "UPDATE") return updatePodStatus(request);
  if (subresource === "eviction" && operation === "CREATE") return evictPod(request);
  if (subresource === "status" || subresource === "eviction") throw refuse(attributes, unexpected);
  throw refuse(attributes, `unexpected pod subresource ${JSON.stringify(subresource)}, only 'status' and 'eviction' are allowed`);
}

function nodes(request: NodeRequest): void {
  const { node, attributes } = request;
  const name = attributes.name || (attributes.object?.metadata.name ?? "");
  if (name !== node)
    throw refuse(attributes, `node ${JSON.stringify(node)} is not allowed to modify node ${JSON.stringify(name)}`);
  if (attributes.operation === "CREATE") createNode(request);
  if (attributes.operation === "UPDATE") updateNode(request);
}
