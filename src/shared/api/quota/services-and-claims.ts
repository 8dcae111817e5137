/** Services by type, and claims by size and class. */
import { Quantity } from "../../apimachinery/quantity.ts";
import type { Amounts } from "../core/pod-resources.ts";
import type { PersistentVolumeClaim, Service } from "../generated/core-v1.ts";
import { matchesValue, one, type QuotaEvaluator } from "./evaluator.ts";

const SERVICE_RESOURCES = ["count/services", "services", "services.nodeports", "services.loadbalancers"];

export const serviceEvaluator: QuotaEvaluator = {
  counts: (resource) => SERVICE_RESOURCES.includes(resource),
  usage(object) {
    const { type, ports = [], allocateLoadBalancerNodePorts } = (object as unknown as Service).spec ?? {};
    const isBalanced = type === "LoadBalancer";
    // Without allocation only those ports count that were asked for by number.
    const counted = isBalanced && allocateLoadBalancerNodePorts === false ? ports.filter((p) => p.nodePort) : ports;
    return new Map([
      ["count/services", one],
      ["services", one],
      ["services.nodeports", Quantity.of(type === "NodePort" || isBalanced ? counted.length : 0)],
      ["services.loadbalancers", Quantity.of(isBalanced ? 1 : 0)],
    ]);
  },
};

const CLAIM_RESOURCES = ["persistentvolumeclaims", "requests.storage"];
const CLASS_INFIX = ".storageclass.storage.k8s.io/";

export const claimEvaluator: QuotaEvaluator = {
  counts(resource) {
    if (resource === "count/persistentvolumeclaims" || CLAIM_RESOURCES.includes(resource)) return true;
    return CLAIM_RESOURCES.some((r) => resource.endsWith(CLASS_INFIX + r));
  },
  usage(object) {
    const claim = object as unknown as PersistentVolumeClaim;
    const used: Amounts = new Map([["count/persistentvolumeclaims", one]]);
    const prefixes = ["", ...classOf(claim).map((name) => name + CLASS_INFIX)];
    const size = claim.spec?.resources?.requests?.storage;
    for (const prefix of prefixes) {
      used.set(`${prefix}persistentvolumeclaims`, one);
      if (size !== undefined) used.set(`${prefix}requests.storage`, Quantity.parse(size));
    }
    return used;
  },
  isInScope: (object, scope) =>
    scope.scopeName === "VolumeAttributesClass" &&
    matchesValue(scope, (object as unknown as PersistentVolumeClaim).spec?.volumeAttributesClassName ?? ""),
};

function classOf({ metadata, spec }: PersistentVolumeClaim): string[] {
  const name = metadata.annotations?.["volume.beta.kubernetes.io/storage-class"] ?? spec?.storageClassName;
  return name ? [name] : [];
}
