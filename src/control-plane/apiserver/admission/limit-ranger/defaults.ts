/** Default requests and limits of containers, and the annotation that tells what was set. */
import type { Container } from "../../../../shared/api/generated/core-v1.ts";
import type { LimitRange, Pod } from "../../../../shared/api/index.ts";

const ANNOTATION = "kubernetes.io/limit-ranger";

interface Defaults {
  requests: Record<string, string>;
  limits: Record<string, string>;
}

export function setDefaults(pod: Pod, range: LimitRange): void {
  const defaults: Defaults = { requests: {}, limits: {} };
  for (const { type, default: limits, defaultRequest: requests } of range.spec?.limits ?? []) {
    if (type !== "Container") continue;
    Object.assign(defaults.requests, requests);
    Object.assign(defaults.limits, limits);
  }
  const told = [
    ...(pod.spec.containers ?? []).flatMap((c) => complete(c, defaults, "container")),
    ...(pod.spec.initContainers ?? []).flatMap((c) => complete(c, defaults, "init container")),
  ];
  if (told.length)
    pod.metadata.annotations = { ...pod.metadata.annotations, [ANNOTATION]: `LimitRanger plugin set: ${told.join("; ")}` };
}

function complete(container: Container, defaults: Defaults, what: string): string[] {
  const fill = (which: keyof Defaults): string => {
    const given = container.resources?.[which] ?? {};
    const missing = Object.keys(defaults[which])
      .filter((name) => given[name] === undefined)
      .sort();
    const added = Object.fromEntries(missing.map((name) => [name, defaults[which][name]!]));
    if (missing.length) container.resources = { ...container.resources, [which]: { ...given, ...added } };
    return missing.join(", ");
  };
  const requests = fill("requests");
  const limits = fill("limits");
  return [
    ...(requests ? [`${requests} request for ${what} ${container.name}`] : []),
    ...(limits ? [`${limits} limit for ${what} ${container.name}`] : []),
  ];
}
