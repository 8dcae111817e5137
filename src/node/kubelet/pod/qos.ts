/**
 * The quality-of-service class of a pod: who is throttled and killed first.
 *
 * @source pkg/apis/core/v1/helper/qos/qos.go ComputePodQOS v1.36
 */
import type { Pod, ResourceRequirements } from "../../../shared/api/generated/core-v1.ts";
import { Quantity } from "../../../shared/apimachinery/quantity.ts";
import { initContainers, regularContainers } from "./containers.ts";

export type QosClass = "Guaranteed" | "Burstable" | "BestEffort";

const COMPUTE = ["cpu", "memory"] as const;

export function qosClass(pod: Pod): QosClass {
  if (pod.status?.qosClass) return pod.status.qosClass;
  const own = pod.spec.resources;
  if (own?.requests || own?.limits) return classOf([own]);
  return classOf([...initContainers(pod), ...regularContainers(pod)].map(({ resources }) => resources ?? {}));
}

function classOf(all: readonly ResourceRequirements[]): QosClass {
  const named = all
    .flatMap(({ requests, limits }) => [requests, limits])
    .some((list) => COMPUTE.some((name) => isSet(list?.[name])));
  if (!named) return "BestEffort";
  const guaranteed = all.every(({ requests, limits }) =>
    COMPUTE.every((name) => isSet(limits?.[name]) && same(requests?.[name] ?? limits![name]!, limits![name]!)),
  );
  return guaranteed ? "Guaranteed" : "Burstable";
}

const isSet = (quantity: string | undefined) => quantity !== undefined && !Quantity.parse(quantity).isZero();
const same = (a: string, b: string) => Quantity.parse(a).cmp(Quantity.parse(b)) === 0;
