/**
 * Resizing: cpu and memory of containers and of the pod change while it runs, its QoS class does not.
 *
 * @source pkg/apis/core/validation/validation.go ValidatePodResize v1.36
 */
import { forbidden, invalidValue, type FieldError } from "../../../apimachinery/field-error.ts";
import type { Container, Pod, ResourceRequirements } from "../../generated/core-v1.ts";
import { qosClassOf } from "../qos.ts";
import { validatePod } from "./pod.ts";
import { MIRROR } from "./pod-annotations.ts";
import { sameMeaning } from "./same-meaning.ts";

type List = Record<string, string> | undefined;

const ONLY = "only cpu and memory resources";

export function validateResize(pod: Pod, old: Pod): FieldError[] {
  if (old.metadata.annotations && MIRROR in old.metadata.annotations) return [forbidden("[]", "static pods cannot be resized")];
  if (old.spec.os?.name === "windows") return [forbidden("[]", "windows pods cannot be resized")];
  const errors = validatePod(pod);
  if ((old.status.qosClass ?? qosClassOf(old.spec)) !== qosClassOf(pod.spec)) {
    const text = "Pod QOS Class may not change as a result of resizing";
    errors.push(invalidValue("spec", pod.status.qosClass, text));
  }
  const running = old.status.containerStatuses?.find(({ state }) => state?.running);
  if (running && !running.resources) errors.push(forbidden("spec", "Pod running on node without support for resize"));
  const level = validatePodLevel(pod.spec.resources, old.spec.resources);
  errors.push(...level);
  const order = [...validateOrder("containers", pod, old), ...validateOrder("initContainers", pod, old)];
  if (order.length) return [...errors, ...order];
  errors.push(...validateAmounts("initContainers", pod, old), ...validateAmounts("containers", pod, old));
  for (const [i, container] of pod.spec.containers!.entries())
    if (!isUnchangedBut(container, old.spec.containers![i]!)) errors.push(forbidden("spec", `${ONLY} are mutable`));
  for (const [i, container] of (pod.spec.initContainers ?? []).entries())
    errors.push(...validateInit(`spec.initContainers[${i}]`, container, old.spec.initContainers![i]!));
  return errors;
}

function validateOrder(list: "containers" | "initContainers", pod: Pod, old: Pod): FieldError[] {
  const [now, was] = [pod.spec[list] ?? [], old.spec[list] ?? []];
  if (now.length !== was.length) return [forbidden(`spec.${list}`, `${list} may not be added or removed on resize`)];
  return was.flatMap(({ name }, i) =>
    now[i]!.name === name ? [] : [forbidden(`spec.${list}[${i}].name`, `${list} may not be renamed or reordered on resize`)],
  );
}

function validateAmounts(list: "containers" | "initContainers", pod: Pod, old: Pod): FieldError[] {
  return (old.spec[list] ?? []).flatMap(({ resources }, i) =>
    (["requests", "limits"] as const).flatMap((which) =>
      isRemoved(pod.spec[list]![i]!.resources?.[which], resources?.[which])
        ? [forbidden(`spec.${list}[${i}].resources.${which}`, `resource ${which} cannot be removed`)]
        : [],
    ),
  );
}

const isRemoved = (now: List, was: List): boolean => Object.keys(was ?? {}).some((name) => now?.[name] === undefined);

function validateInit(path: string, container: Container, old: Container): FieldError[] {
  const errors = isUnchangedBut(container, old) ? [] : [forbidden(path, `${ONLY} for init or sidecar containers are mutable`)];
  if (container.restartPolicy === "Always" || sameMeaning(container, old)) return errors;
  const text = "non-sidecar init containers with a resize policy of RestartContainer cannot be resized";
  for (const { restartPolicy } of container.resizePolicy ?? [])
    if (restartPolicy === "RestartContainer") errors.push(forbidden(path, text));
  return errors;
}

/** Nothing else has changed than what a resize is about. */
function isUnchangedBut(container: Container, old: Container): boolean {
  const resources = withoutResized(container.resources, old.resources);
  return sameMeaning({ ...container, resources }, old);
}

function withoutResized(now: ResourceRequirements | undefined, old: ResourceRequirements | undefined): ResourceRequirements {
  return { limits: putBack(now?.limits, old?.limits), requests: putBack(now?.requests, old?.requests) };
}

function putBack(now: List, old: List): Record<string, string> {
  const { cpu: _cpu, memory: _memory, ...list } = now ?? {};
  if (old?.cpu !== undefined) list.cpu = old.cpu;
  if (old?.memory !== undefined) list.memory = old.memory;
  return list;
}

function validatePodLevel(now: ResourceRequirements | undefined, old: ResourceRequirements | undefined): FieldError[] {
  const isSet = (r: ResourceRequirements | undefined) =>
    Object.keys(r?.requests ?? {}).length + Object.keys(r?.limits ?? {}).length > 0;
  if (!isSet(now) && !isSet(old)) return [];
  if (old && !now) return [forbidden("spec.resources", "pod-level resources cannot be removed")];
  const errors = (["requests", "limits"] as const).flatMap((which) =>
    isRemoved(now?.[which], old?.[which])
      ? [forbidden(`spec.resources.${which}`, `pod-level resource ${which} cannot be removed`)]
      : [],
  );
  if (!sameMeaning(withoutResized(now, old), { limits: old?.limits, requests: old?.requests }))
    errors.push(forbidden("spec", `${ONLY} are mutable at pod-level`));
  return errors;
}
