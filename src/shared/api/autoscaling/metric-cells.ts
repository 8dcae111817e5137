/** The metrics of an autoscaler as one table cell: `cpu: 10%/80%`, at most two of them. */
import type { MetricSpec, MetricStatus, MetricTarget, MetricValueStatus } from "../generated/autoscaling-v2.ts";
import { NONE } from "../cells.ts";

const SHOWN = 2;
const UNKNOWN = "<unknown>";

export function metricsText(specs: readonly MetricSpec[] = [], statuses: readonly (MetricStatus | undefined)[] = []): string {
  if (!specs.length) return NONE;
  const texts = specs.map((spec, i) => metricText(spec, statuses[i]));
  const shown = texts.slice(0, SHOWN).join(", ");
  return texts.length > SHOWN ? `${shown} + ${texts.length - SHOWN} more...` : shown;
}

function metricText(spec: MetricSpec, status: MetricStatus | undefined): string {
  switch (spec.type) {
    case "External":
      return valueText(spec.external?.target, status?.external?.current);
    case "Object":
      return valueText(spec.object?.target, status?.object?.current);
    case "Pods":
      return `${status?.pods ? zero(status.pods.current.averageValue) : UNKNOWN}/${zero(spec.pods?.target.averageValue)}`;
    case "Resource":
      return resourceText(spec.resource, status?.resource?.current);
    case "ContainerResource":
      return resourceText(spec.containerResource, status?.containerResource?.current);
    default:
      return "<unknown type>";
  }
}

const zero = (quantity: unknown) => String(quantity ?? "0");

function valueText(target: MetricTarget | undefined, current: MetricValueStatus | undefined): string {
  if (target?.averageValue !== undefined) return `${current?.averageValue ?? UNKNOWN}/${target.averageValue} (avg)`;
  return `${current ? zero(current.value) : UNKNOWN}/${zero(target?.value)}`;
}

function resourceText(
  source: { name: string; target: MetricTarget } | undefined,
  current: MetricValueStatus | undefined,
): string {
  const { name = "", target } = source ?? {};
  if (target?.averageValue !== undefined)
    return `${name}: ${current ? zero(current.averageValue) : UNKNOWN}/${target.averageValue}`;
  const share = (percent: number | undefined, absent: string) => (percent === undefined ? absent : `${percent}%`);
  return `${name}: ${share(current?.averageUtilization, UNKNOWN)}/${share(target?.averageUtilization, "<auto>")}`;
}
