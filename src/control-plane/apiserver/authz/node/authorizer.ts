/**
 * The Node authorizer: a kubelet may do what a kubelet does, and see only what concerns the pods of its own node.
 *
 * What depends on the content of a request (a pod's node, a lease's name) is left to the NodeRestriction admission plugin.
 *
 * @source plugin/pkg/auth/authorizer/node/node_authorizer.go v1.36
 */
import type { PolicyRule } from "../../../../shared/api/generated/rbac-v1.ts";
import { parseFieldSelector, requiredField } from "../../../../shared/apimachinery/field-selectors.ts";
import { SelectorError } from "../../../../shared/apimachinery/selectors.ts";
import type { AccessAttributes, AccessDecision, Authorizer } from "../../types.ts";
import { compileRule } from "../rules.ts";
import { nodeIdentity } from "./identity.ts";
import type { NodeRelations, RelatedKind } from "./relations.ts";

const allow: AccessDecision = { decision: "allow", reason: "" };
const no = (reason = ""): AccessDecision => ({ decision: "no-opinion", reason });

/** `rules`: what every node may do besides, the rules of role `system:node`. */
export function nodeAuthorizer(relations: NodeRelations, rules: readonly PolicyRule[]): Authorizer {
  const general = rules.map(compileRule);
  return {
    authorize(attributes) {
      const node = nodeIdentity(attributes.user);
      if (node === undefined) return no();
      if (node === "") return no(`unknown node for user ${JSON.stringify(attributes.user.name)}`);
      const own = attributes.resourceRequest ? byResource[`${attributes.group}/${attributes.resource}`] : undefined;
      if (own) return own({ node, relations, attributes });
      return general.some((rule) => rule.allows(attributes)) ? allow : no();
    },
  };
}

interface Asked {
  node: string;
  relations: NodeRelations;
  attributes: AccessAttributes;
}

type Answer = (asked: Asked) => AccessDecision;

const byResource: Readonly<Record<string, Answer>> = {
  "/secrets": (asked) => read(asked, "secrets"),
  "/configmaps": (asked) => read(asked, "configmaps"),
  "/persistentvolumeclaims": (asked) =>
    asked.attributes.subresource === "status"
      ? updateStatus(asked, "persistentvolumeclaims")
      : get(asked, "persistentvolumeclaims"),
  "/persistentvolumes": (asked) => get(asked, "persistentvolumes"),
  "resource.k8s.io/resourceclaims": (asked) => get(asked, "resourceclaims"),
  "storage.k8s.io/volumeattachments": (asked) => get(asked, "volumeattachments"),
  "/serviceaccounts": serviceAccount,
  "coordination.k8s.io/leases": lease,
  "storage.k8s.io/csinodes": csiNode,
  "resource.k8s.io/resourceslices": resourceSlice,
  "/nodes": nodes,
  "/pods": pods,
  "certificates.k8s.io/podcertificaterequests": () => no(),
};

function related({ node, relations, attributes }: Asked, kind: RelatedKind): AccessDecision {
  if (!attributes.name) return no("No Object name found");
  const found = relations.isRelated(node, kind, attributes.namespace, attributes.name);
  return found ? allow : no(`no relationship found between node '${node}' and this object`);
}

function read(asked: Asked, kind: RelatedKind): AccessDecision {
  const { verb, subresource, namespace } = asked.attributes;
  if (!["get", "list", "watch"].includes(verb)) return no("can only read resources of this type");
  if (subresource) return no("cannot read subresource");
  return namespace ? related(asked, kind) : no("can only read namespaced object of this type");
}

function get(asked: Asked, kind: RelatedKind): AccessDecision {
  if (asked.attributes.verb !== "get") return no("can only get individual resources of this type");
  return asked.attributes.subresource ? no("cannot get subresource") : related(asked, kind);
}

function updateStatus(asked: Asked, kind: RelatedKind): AccessDecision {
  const { verb } = asked.attributes;
  return verb === "update" || verb === "patch" ? related(asked, kind) : no("can only get/update/patch this type");
}

function serviceAccount(asked: Asked): AccessDecision {
  const { verb, subresource, name } = asked.attributes;
  if (verb === "get" && !subresource) return read(asked, "serviceaccounts");
  if (verb !== "create" || !name) return no("can only create tokens for individual service accounts");
  return subresource === "token" ? related(asked, "serviceaccounts") : no("can only create token subresource of serviceaccount");
}

const OWN_OBJECT_VERBS = ["get", "create", "update", "patch", "delete"];

function lease({ node, attributes: { verb, namespace, name } }: Asked): AccessDecision {
  if (!OWN_OBJECT_VERBS.includes(verb)) return no("can only get, create, update, patch, or delete a node lease");
  if (namespace !== "kube-node-lease") return no('can only access leases in the "kube-node-lease" system namespace');
  return verb === "create" || name === node ? allow : no("can only access node lease with the same name as the requesting node");
}

function csiNode({ node, attributes: { verb, subresource, name } }: Asked): AccessDecision {
  if (!OWN_OBJECT_VERBS.includes(verb)) return no("can only get, create, update, patch, or delete a CSINode");
  if (subresource) return no("cannot authorize CSINode subresources");
  return verb === "create" || name === node ? allow : no("can only access CSINode with the same name as the requesting node");
}

function resourceSlice(asked: Asked): AccessDecision {
  const { verb, subresource } = asked.attributes;
  if (subresource) return no("cannot authorize ResourceSlice subresources");
  if (verb === "create") return allow;
  if (["get", "update", "patch", "delete"].includes(verb)) return related(asked, "resourceslices");
  if (!["watch", "list", "deletecollection"].includes(verb)) {
    return no(
      "only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, patch, delete, deletecollection",
    );
  }
  return selects(asked, "spec.nodeName")
    ? allow
    : no("can only list/watch/deletecollection resourceslices with nodeName field selector");
}

function nodes({ node, attributes: { verb, subresource, name } }: Asked): AccessDecision {
  if (subresource === "status") return verb === "update" || verb === "patch" ? allow : no();
  if (subresource) return no();
  if (verb === "create" || verb === "update" || verb === "patch") return allow;
  if (!["get", "list", "watch"].includes(verb)) return no();
  if (name === node) return allow;
  return no(
    name
      ? `node '${node}' cannot read '${name}', only its own Node object`
      : `node '${node}' cannot read all nodes, only its own Node object`,
  );
}

function pods(asked: Asked): AccessDecision {
  const { verb, subresource, name } = asked.attributes;
  if (subresource === "status") return verb === "update" || verb === "patch" ? allow : no();
  if (subresource === "eviction") return verb === "create" ? allow : no();
  if (subresource) return no();
  if (verb === "get") return get(asked, "pods");
  if (verb === "create" || verb === "delete") return allow;
  if (verb !== "list" && verb !== "watch") return no();
  if (selects(asked, "spec.nodeName")) return allow;
  return name ? related(asked, "pods") : no("can only list/watch pods with spec.nodeName field selector");
}

/** The request's field selector keeps to this node. */
function selects({ node, attributes: { fieldSelector } }: Asked, field: string): boolean {
  if (fieldSelector === undefined) return false;
  try {
    return requiredField(parseFieldSelector(fieldSelector), field) === node;
  } catch (error) {
    if (error instanceof SelectorError) return false;
    throw error;
  }
}
