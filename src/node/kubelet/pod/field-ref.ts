/**
 * The downward API: a pod's own fields and resources as text.
 *
 * @source pkg/fieldpath/fieldpath.go, pkg/api/v1/resource/helpers.go v1.36
 */
import type { Container, ObjectFieldSelector, Pod, ResourceFieldSelector } from "../../../shared/api/generated/core-v1.ts";
import { Quantity } from "../../../shared/apimachinery/quantity.ts";
import { allContainers } from "./containers.ts";

/** What a pod does not say itself. */
export interface DownwardContext {
  pod: Pod;
  podIPs: readonly string[];
  hostIPs: readonly string[];
  /** Stands in for a limit the container does not have. */
  allocatable: Readonly<Record<string, string>>;
}

export function fieldValue({ fieldPath }: ObjectFieldSelector, { pod, podIPs, hostIPs }: DownwardContext): string {
  const { metadata, spec } = pod;
  const subscript = /^(metadata\.(?:labels|annotations))\['(.*)'\]$/.exec(fieldPath);
  if (subscript) return (subscript[1] === "metadata.labels" ? metadata.labels : metadata.annotations)?.[subscript[2]!] ?? "";
  switch (fieldPath) {
    case "metadata.name":
      return metadata.name!;
    case "metadata.namespace":
      return metadata.namespace!;
    case "metadata.uid":
      return metadata.uid!;
    case "metadata.labels":
      return formatMap(metadata.labels);
    case "metadata.annotations":
      return formatMap(metadata.annotations);
    case "spec.nodeName":
      return spec.nodeName ?? "";
    case "spec.serviceAccountName":
      return spec.serviceAccountName ?? "";
    case "spec.restartPolicy":
      return spec.restartPolicy ?? "";
    case "status.phase":
      return pod.status?.phase ?? "";
    case "status.hostIP":
      return hostIPs[0] ?? "";
    case "status.hostIPs":
      return hostIPs.join(",");
    case "status.podIP":
      return podIPs[0] ?? "";
    case "status.podIPs":
      return podIPs.join(",");
    default:
      throw new Error(`unsupported fieldPath: ${fieldPath}`);
  }
}

/** One `key="value"` a line, sorted. */
function formatMap(map: Readonly<Record<string, string>> = {}): string {
  return Object.keys(map)
    .sort()
    .map((key) => `${key}=${JSON.stringify(map[key])}`)
    .join("\n");
}

/** `container` is whose field it is; the selector may name another one of the pod. */
export function resourceValue(selector: ResourceFieldSelector, context: DownwardContext, container?: Container): string {
  const owner = selector.containerName
    ? [...allContainers(context.pod)].find((entry) => entry.container.name === selector.containerName)?.container
    : container;
  if (!owner) throw new Error(`container ${selector.containerName} not found`);
  const match = /^(limits|requests)\.(.+)$/.exec(selector.resource);
  if (!match) throw new Error(`unsupported container resource : ${selector.resource}`);
  const [, list, name] = match as unknown as [string, "limits" | "requests", string];
  const fallback =
    list === "limits" && ["cpu", "memory", "ephemeral-storage"].includes(name) ? context.allocatable[name] : undefined;
  const amount = Quantity.parse(owner.resources?.[list]?.[name] ?? fallback ?? "0");
  const given = Quantity.parse(selector.divisor ?? "0");
  const divisor = given.isZero() ? Quantity.of(1) : given;
  const [a, b] = name === "cpu" ? [amount.toMilli(), divisor.toMilli()] : [amount.toNumber(), divisor.toNumber()];
  return String(Math.ceil(a / b));
}
