/**
 * `pods/binding` and `bindings`: gives a pod its node, once.
 *
 * @source pkg/registry/core/pod/storage/storage.go BindingREST v1.36
 */
import { Pod } from "../../../shared/api/index.ts";
import type { Binding, PodCondition } from "../../../shared/api/generated/core-v1.ts";
import { setCondition } from "../../../shared/apimachinery/conditions.ts";
import { apiError, badRequest, conflict } from "../../../shared/apimachinery/errors.ts";
import type { KubeObject } from "../../../shared/apimachinery/meta.ts";
import { isPathSegmentName } from "../../../shared/apimachinery/validation.ts";
import { formatTime } from "../../../shared/lib/platform.ts";
import type { Core } from "../core.ts";
import type { CallContext, VirtualResource } from "../types.ts";
import { mutate } from "./mutate.ts";

const bound: KubeObject = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 } as never;

export function podBinding(core: Core): VirtualResource {
  return {
    async create(object, context) {
      const binding = object as Binding;
      const name = context.name || binding.metadata.name;
      if (name !== binding.metadata.name) throw badRequest("name in URL does not match name in Binding object");
      checkTarget(binding);
      requirePathSegment(name);
      const { uid, resourceVersion } = binding.metadata;
      const place = { namespace: context.namespace, name };
      const options = { dryRun: context.dryRun, ...(context.name && { uid }), resourceVersion };
      await mutate<Pod>(core, core.resources.of(Pod), place, options, (pod) => assign(pod, binding, context));
      return bound;
    },
  };
}

/** Of `bindings`, where the path has no name. */
function requirePathSegment(name: string | undefined): void {
  if (!name) throw badRequest("Name parameter required.");
  const faults = isPathSegmentName(name);
  if (faults.length) throw badRequest(`Name parameter invalid: ${JSON.stringify(name)}: ${faults.join(";")}`);
}

/** A plain 500: the error is no Status upstream. */
function checkTarget({ target }: Binding): void {
  const { kind = "", name } = target ?? {};
  const faults: string[] = [];
  if (kind !== "" && kind !== "Node")
    faults.push(`target.kind: Unsupported value: ${JSON.stringify(kind)}: supported values: "Node", "<empty>"`);
  if (!name) faults.push("target.name: Required value");
  if (faults.length) throw apiError(500, "", faults.length > 1 ? `[${faults.join(", ")}]` : faults[0]!);
}

function assign(pod: Pod, { target, metadata }: Binding, { now }: CallContext): void {
  const { name } = pod.metadata;
  const refuse = (why: string) => conflict({ group: "", resource: "pods/binding" }, name, why);
  if (pod.metadata.deletionTimestamp) throw refuse(`pod ${name} is being deleted, cannot be assigned to a host`);
  if (pod.spec.nodeName) throw refuse(`pod ${name} is already assigned to node ${JSON.stringify(pod.spec.nodeName)}`);
  if (pod.spec.schedulingGates?.length) throw refuse(`pod ${name} has non-empty .spec.schedulingGates`);
  pod.spec.nodeName = target.name;
  delete pod.status.nominatedNodeName;
  if (metadata.annotations) pod.metadata.annotations = { ...pod.metadata.annotations, ...metadata.annotations };
  if (metadata.labels) pod.metadata.labels = { ...pod.metadata.labels, ...metadata.labels };
  const scheduled: PodCondition = { type: "PodScheduled", status: "True" };
  pod.status.conditions = setCondition(pod.status.conditions, scheduled, formatTime(now));
}
