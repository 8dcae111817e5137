/** A node's own Node object: no taints, no owners, and only labels that cannot steer workloads to it. */
import { deepEqual } from "../../../../shared/apimachinery/patch/index.ts";
import type { Node } from "../../../../shared/api/index.ts";
import { refuse } from "../refuse.ts";
import type { NodeRequest } from "./request.ts";

const OWN_LABELS = new Set([
  "kubernetes.io/hostname",
  "topology.kubernetes.io/zone",
  "topology.kubernetes.io/region",
  "failure-domain.beta.kubernetes.io/zone",
  "failure-domain.beta.kubernetes.io/region",
  "beta.kubernetes.io/instance-type",
  "node.kubernetes.io/instance-type",
  "kubernetes.io/os",
  "kubernetes.io/arch",
  "beta.kubernetes.io/os",
  "beta.kubernetes.io/arch",
]);
const OWN_DOMAINS = ["kubelet.kubernetes.io", "node.kubernetes.io"];
const RESTRICTED_DOMAIN = "node-restriction.kubernetes.io";

const q = (text: string) => JSON.stringify(text);

export function createNode({ node, attributes }: NodeRequest): void {
  const { metadata, spec } = attributes.object as Node;
  if (spec?.configSource) throw refuse(attributes, `node ${q(node)} is not allowed to create pods with a non-nil configSource`);
  const wrong = forbiddenLabels(metadata.labels, undefined);
  if (wrong.length) throw refuse(attributes, `node ${q(node)} is not allowed to set the following labels: ${wrong.join(", ")}`);
}

export function updateNode({ node, attributes }: NodeRequest): void {
  const { metadata, spec = {} } = attributes.object as Node;
  const { metadata: oldMetadata, spec: oldSpec = {} } = attributes.oldObject as Node;
  if (spec.configSource && !deepEqual(spec.configSource, oldSpec.configSource)) {
    throw refuse(attributes, `node ${q(node)} is not allowed to update configSource to a new non-nil configSource`);
  }
  if (!deepEqual(spec.taints ?? [], oldSpec.taints ?? []))
    throw refuse(attributes, `node ${q(node)} is not allowed to modify taints`);
  if (!deepEqual(metadata.ownerReferences ?? [], oldMetadata.ownerReferences ?? [])) {
    throw refuse(attributes, `node ${q(node)} is not allowed to modify ownerReferences`);
  }
  const wrong = forbiddenLabels(metadata.labels, oldMetadata.labels);
  if (wrong.length) throw refuse(attributes, `is not allowed to modify labels: ${wrong.join(", ")}`);
}

type Labels = Readonly<Record<string, string>> | undefined;

/** Labels that differ and are not a kubelet's to change, sorted. */
function forbiddenLabels(labels: Labels = {}, old: Labels = {}): string[] {
  const keys = new Set([...Object.keys(labels), ...Object.keys(old)]);
  return [...keys].filter((key) => labels[key] !== old[key] && isForbidden(key)).sort();
}

function isForbidden(key: string): boolean {
  const slash = key.indexOf("/");
  const domain = slash < 0 ? "" : key.slice(0, slash);
  if (isWithin(domain, RESTRICTED_DOMAIN)) return true;
  if (!isWithin(domain, "kubernetes.io") && !isWithin(domain, "k8s.io")) return false;
  return !OWN_LABELS.has(key) && !OWN_DOMAINS.some((own) => isWithin(domain, own));
}

const isWithin = (domain: string, parent: string) => domain === parent || domain.endsWith(`.${parent}`);
