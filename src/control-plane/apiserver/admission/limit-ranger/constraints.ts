/** Minimum, maximum and proportion, per container, pod and claim. */
import type { LimitRangeItem, PodSpec } from "../../../../shared/api/generated/core-v1.ts";
import type { PersistentVolumeClaim } from "../../../../shared/api/index.ts";
import type { Quantity } from "../../../../shared/apimachinery/quantity.ts";
import { amountsOf, podAmounts, type Amounts } from "../../../../shared/api/core/pod-resources.ts";

interface Subject {
  type: string;
  requests: Amounts;
  limits: Amounts;
}

export function podFaults(spec: PodSpec, limits: readonly LimitRangeItem[]): string[] {
  const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])].map((c): Subject => {
    return { type: "Container", requests: amountsOf(c.resources?.requests), limits: amountsOf(c.resources?.limits) };
  });
  return limits.flatMap((limit) => {
    if (limit.type === "Container") return containers.flatMap((c) => faults(c, limit));
    if (limit.type !== "Pod") return [];
    return faults({ type: "Pod", requests: podAmounts(spec, "requests"), limits: podAmounts(spec, "limits") }, limit);
  });
}

/** Claims have requests alone. */
export function claimFaults({ spec }: PersistentVolumeClaim, limits: readonly LimitRangeItem[]): string[] {
  const type = "PersistentVolumeClaim";
  const subject: Subject = { type, requests: amountsOf(spec.resources?.requests), limits: new Map() };
  return limits.flatMap((limit) => {
    if (limit.type !== type) return [];
    return [
      ...each(limit.min, (name, bound) => minimum(subject, name, bound)),
      ...each(limit.max, (name, bound) => maximumRequest(subject, name, bound)),
    ];
  });
}

function faults(subject: Subject, limit: LimitRangeItem): string[] {
  return [
    ...each(limit.min, (name, bound) => minimum(subject, name, bound)),
    ...each(limit.max, (name, bound) => maximum(subject, name, bound)),
    ...each(limit.maxLimitRequestRatio, (name, bound) => ratio(subject, name, bound)),
  ];
}

function each(
  bounds: Readonly<Record<string, unknown>> | undefined,
  check: (name: string, bound: Quantity) => string | undefined,
): string[] {
  return [...amountsOf(bounds)].flatMap(([name, bound]) => check(name, bound) ?? []);
}

function minimum({ type, requests, limits }: Subject, name: string, bound: Quantity): string | undefined {
  const [request, limit] = [requests.get(name), limits.get(name)];
  const head = `minimum ${name} usage per ${type} is ${bound}`;
  if (!request) return `${head}.  No request is specified`;
  if (request.cmp(bound) < 0) return `${head}, but request is ${request}`;
  return limit && limit.cmp(bound) < 0 ? `${head}, but limit is ${limit}` : undefined;
}

function maximum({ type, requests, limits }: Subject, name: string, bound: Quantity): string | undefined {
  const [request, limit] = [requests.get(name), limits.get(name)];
  const head = `maximum ${name} usage per ${type} is ${bound}`;
  if (!limit) return `${head}.  No limit is specified`;
  if (limit.cmp(bound) > 0) return `${head}, but limit is ${limit}`;
  return request && request.cmp(bound) > 0 ? `${head}, but request is ${request}` : undefined;
}

function maximumRequest({ type, requests }: Subject, name: string, bound: Quantity): string | undefined {
  const request = requests.get(name);
  const head = `maximum ${name} usage per ${type} is ${bound}`;
  if (!request) return `${head}.  No request is specified`;
  return request.cmp(bound) > 0 ? `${head}, but request is ${request}` : undefined;
}

function ratio({ type, requests, limits }: Subject, name: string, bound: Quantity): string | undefined {
  const [request, limit] = [requests.get(name), limits.get(name)];
  const head = `${name} max limit to request ratio per ${type} is ${bound}`;
  if (!request || request.isZero()) return `${head}, but no request is specified or request is 0`;
  if (!limit || limit.isZero()) return `${head}, but no limit is specified or limit is 0`;
  const observed = limit.toFloat() / request.toFloat();
  return observed > bound.toFloat() ? `${head}, but provided ratio is ${observed.toFixed(6)}` : undefined;
}
