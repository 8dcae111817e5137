/**
 * The quality-of-service class: Guaranteed where every container's CPU and memory limits equal its requests, BestEffort where
 * nothing is asked for, Burstable in between. Pod-level resources, where given, decide alone.
 *
 * @source pkg/apis/core/v1/helper/qos/qos.go v1.36
 */
import { compareQuantities } from "../../apimachinery/quantity.ts";
import type { PodSpec, ResourceRequirements } from "../generated/core-v1.ts";

export type QosClass = "Guaranteed" | "Burstable" | "BestEffort";

const COUNTED = ["cpu", "memory"] as const;

export function qosClassOf(spec: PodSpec): QosClass {
  const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])].map((container) => container.resources ?? {});
  const resources: ResourceRequirements[] = isSet(spec.resources) ? [spec.resources] : containers;
  const asked = resources.some(({ requests, limits }) =>
    COUNTED.some((name) => positive(requests?.[name]) || positive(limits?.[name])),
  );
  if (!asked) return "BestEffort";
  return resources.every(isGuaranteed) ? "Guaranteed" : "Burstable";
}

function isSet(resources: ResourceRequirements | undefined): resources is ResourceRequirements {
  return Object.keys({ ...resources?.requests, ...resources?.limits }).length > 0;
}

function isGuaranteed({ requests, limits }: ResourceRequirements): boolean {
  return COUNTED.every((name) => {
    const limit = limits?.[name];
    const request = requests?.[name] ?? limit;
    return positive(limit) && positive(request) && compareQuantities(limit!, request!) === 0;
  });
}

function positive(quantity: string | undefined): boolean {
  return quantity !== undefined && compareQuantities(quantity, "0") > 0;
}
