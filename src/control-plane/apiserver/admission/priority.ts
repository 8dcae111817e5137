/**
 * The priority class of a pod becomes a number and a preemption policy; one class at most is the default.
 *
 * @source plugin/pkg/admission/priority v1.36
 */
import { Pod, PriorityClass } from "../../../shared/api/index.ts";
import type { AdmissionAttributes, AdmissionPlugin, ServerContext } from "../types.ts";
import { concerns, refuse } from "./refuse.ts";

const SYSTEM_CLASSES = ["system-node-critical", "system-cluster-critical"];

export const priority: AdmissionPlugin = {
  name: "Priority",
  handles: (a) =>
    a.operation === "DELETE"
      ? concerns(a, PriorityClass)
      : a.operation !== "CONNECT" && (concerns(a, Pod) || concerns(a, PriorityClass)),
  admit(attributes, server) {
    if (!concerns(attributes, Pod)) return;
    if (attributes.operation === "CREATE") resolve(attributes, server);
    else keep((attributes.object as Pod).spec, (attributes.oldObject as Pod).spec);
  },
  validate(attributes, server) {
    if (!concerns(attributes, PriorityClass)) return;
    // Upstream refuses this in the storage of the kind.
    if (attributes.operation === "DELETE") return refuseSystemClass(attributes);
    const { metadata, globalDefault } = attributes.object as PriorityClass;
    const other = globalDefault ? defaultClass(server) : undefined;
    if (!other || (attributes.operation === "UPDATE" && other.metadata.name === metadata.name)) return;
    throw refuse(attributes, `PriorityClass ${other.metadata.name} is already marked as default. Only one default can exist`);
  },
};

function refuseSystemClass(attributes: AdmissionAttributes): void {
  if (SYSTEM_CLASSES.includes(attributes.name)) throw refuse(attributes, "this is a system priority class and cannot be deleted");
}

function resolve(attributes: AdmissionAttributes, server: ServerContext): void {
  const { spec } = attributes.object as Pod;
  const wanted = spec.priorityClassName;
  const found = wanted ? server.cache(PriorityClass).get(wanted) : defaultClass(server);
  if (wanted && !found) throw refuse(attributes, `no PriorityClass with name ${wanted} was found`);
  const { value = 0, preemptionPolicy = "PreemptLowerPriority" } = found ?? {};
  if (spec.priority !== undefined && spec.priority !== value) {
    throw refuse(
      attributes,
      `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`,
    );
  }
  if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== preemptionPolicy) {
    throw refuse(
      attributes,
      `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${preemptionPolicy} from the given PriorityClass name`,
    );
  }
  if (found) spec.priorityClassName = found.metadata.name!;
  spec.priority = value;
  spec.preemptionPolicy = preemptionPolicy;
}

/** Clients that do not know the fields send the pod back without them. */
function keep(spec: Pod["spec"], old: Pod["spec"]): void {
  if (spec.priority === undefined && old.priority !== undefined) spec.priority = old.priority;
  if (spec.preemptionPolicy === undefined && old.preemptionPolicy !== undefined) spec.preemptionPolicy = old.preemptionPolicy;
}

/** Of several defaults the one with the lowest value. */
function defaultClass(server: ServerContext): PriorityClass | undefined {
  const marked = [...server.cache(PriorityClass).list()].filter((c) => c.globalDefault);
  return marked.sort((a, b) => (a.value ?? 0) - (b.value ?? 0))[0];
}
