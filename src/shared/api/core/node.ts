import type { Node as T } from "../generated/core-v1.ts";
import { age, NONE } from "../cells.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";
import { nodeWarnings, validateNode, validateNodeUpdate } from "./validation/node.ts";

export const Node = defineKind<T>({
  ...facts["v1/nodes"],
  revalidatesMetadata: true,
  cells(node, context) {
    const { nodeInfo: info, addresses = [], conditions = [] } = node.status ?? {};
    const of = (type: string) => addresses.find((a) => a.type === type)?.address ?? NONE;
    const kernel = info?.kernelVersion || "<unknown>";
    const wide = [
      of("InternalIP"),
      of("ExternalIP"),
      info?.osImage || "<unknown>",
      info?.architecture ? `${kernel} (${info.architecture})` : kernel,
      info?.containerRuntimeVersion || "<unknown>",
    ];
    const ready = conditions.find((c) => c.type === "Ready");
    const status = [!ready ? "Unknown" : ready.status === "True" ? "Ready" : "NotReady"];
    if (node.spec?.unschedulable) status.push("SchedulingDisabled");
    const head = [node.metadata.name, status.join(","), rolesOf(node).join(",") || NONE];
    return [...head, age(node, context), info?.kubeletVersion ?? "", ...wide];
  },
  statusOnCreate: true,
  setDefaults({ spec, status }) {
    linkPodRanges(spec);
    if (status?.capacity && !status.allocatable) status.allocatable = { ...status.capacity };
  },
  prepareForCreate({ spec, status }) {
    delete spec.configSource;
    delete status.config;
  },
  prepareForUpdate({ spec }, old) {
    if (!old.spec.configSource) delete spec.configSource;
  },
  prepareForStatusUpdate({ status }, old) {
    if (!old.status?.config) delete status?.config;
  },
  validate: validateNode,
  validateUpdate: validateNodeUpdate,
  validateStatusUpdate: validateNodeUpdate,
  warnings: (node, _old, { subresource }) => (subresource === "status" ? [] : nodeWarnings(node)),
  selectableFields: { "spec.unschedulable": (node) => String(node.spec.unschedulable ?? false) },
});
export type Node = T;

/** The old field is the first of the list; where they differ it is right. */
function linkPodRanges(spec: T["spec"] | undefined): void {
  if (!spec) return;
  if (spec.podCIDR && spec.podCIDRs?.[0] !== spec.podCIDR) spec.podCIDRs = [spec.podCIDR];
  if (spec.podCIDRs?.length) spec.podCIDR = spec.podCIDRs[0];
}

const ROLE_PREFIX = "node-role.kubernetes.io/";

/** Told by labels: `node-role.kubernetes.io/<role>`, or `kubernetes.io/role=<role>`. */
function rolesOf({ metadata: { labels = {} } }: T): string[] {
  const roles = Object.entries(labels).flatMap(([key, value]) => {
    if (key.startsWith(ROLE_PREFIX)) return key.slice(ROLE_PREFIX.length) || [];
    return key === "kubernetes.io/role" ? value || [] : [];
  });
  return [...new Set(roles)].sort();
}
