/**
 * HorizontalPodAutoscalers between v2, which is stored, and v1: v1 has a field for the CPU target alone and keeps the rest in annotations.
 *
 * @source pkg/apis/autoscaling/v1/conversion.go v1.36
 */
import type { KubeObject } from "../../apimachinery/meta.ts";
import type { HorizontalPodAutoscaler as V1 } from "../generated/autoscaling-v1.ts";
import type { HorizontalPodAutoscaler as V2, HorizontalPodAutoscalerStatus, MetricSpec } from "../generated/autoscaling-v2.ts";

export const DEFAULT_CPU_UTILIZATION = 80;

const PREFIX = "autoscaling.alpha.kubernetes.io/";
export const METRICS = `${PREFIX}metrics`;
const CURRENT_METRICS = `${PREFIX}current-metrics`;
const CONDITIONS = `${PREFIX}conditions`;
const BEHAVIOR = `${PREFIX}behavior`;
const KEPT = [METRICS, CURRENT_METRICS, CONDITIONS, BEHAVIOR, `${PREFIX}scale-down-tolerance`, `${PREFIX}scale-up-tolerance`];

type Json = Record<string, any>;

export function convertAutoscaler(object: KubeObject, to: { version: string }): KubeObject {
  return to.version === "v1" ? toV1(object as V2) : toV2(object as V1);
}

/** What v1 says with its one field. */
export function cpuMetric(averageUtilization: number): MetricSpec {
  return { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization } } };
}

const isCpuTarget = ({ type, resource }: MetricSpec) =>
  type === "Resource" && resource?.name === "cpu" && resource.target.averageUtilization !== undefined;

function toV2({ metadata, spec, status }: V1): V2 {
  const { targetCPUUtilizationPercentage: cpu, ...rest } = spec;
  const kept = <T>(name: string) => parse(metadata.annotations?.[name]) as T | undefined;
  const others = kept<Json[]>(METRICS)?.map((metric) => metricFromV1(metric, "target")) ?? [];
  const metrics = [...others, ...(cpu === undefined ? [] : [cpuMetric(cpu)])] as MetricSpec[];
  const behavior = kept<Json>(BEHAVIOR);
  return {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: withAnnotations(metadata, {}),
    spec: {
      ...rest,
      metrics: metrics.length > 0 ? metrics : [cpuMetric(DEFAULT_CPU_UTILIZATION)],
      ...(behavior && Object.keys(behavior).length > 0 && { behavior: mapKeys(behavior, lowerFirst) }),
    } as V2["spec"],
    status: statusToV2(status, kept(CURRENT_METRICS), kept(CONDITIONS)),
  } as V2;
}

function statusToV2(
  { currentCPUUtilizationPercentage: cpu, ...rest }: V1["status"],
  metrics?: Json[],
  conditions?: Json[],
): Json {
  const given = metrics?.map((metric) => metricFromV1(metric, "current"));
  const known =
    cpu === undefined ? undefined : [{ type: "Resource", resource: { name: "cpu", current: { averageUtilization: cpu } } }];
  const currentMetrics = given ?? known;
  return { ...rest, ...(currentMetrics && { currentMetrics }), ...(conditions && { conditions }) };
}

function toV1({ metadata, spec, status = {} as HorizontalPodAutoscalerStatus }: V2): V1 {
  const { metrics = [], behavior, ...rest } = spec!;
  const { currentMetrics, conditions, ...plainStatus } = status;
  const cpu = metrics.find(isCpuTarget)?.resource?.target.averageUtilization;
  const others = metrics.filter((metric) => !isCpuTarget(metric));
  const used = currentMetrics?.findLast(({ resource }) => resource?.name === "cpu")?.resource?.current.averageUtilization;
  return {
    apiVersion: "autoscaling/v1",
    kind: "HorizontalPodAutoscaler",
    metadata: withAnnotations(metadata, {
      [METRICS]: others.length > 0 ? others.map((metric) => metricToV1(metric as Json, "target")) : undefined,
      [CURRENT_METRICS]: currentMetrics?.length
        ? currentMetrics.map((metric) => metricToV1(metric as Json, "current"))
        : undefined,
      [BEHAVIOR]: behavior && mapKeys(behavior as Json, upperFirst),
      [CONDITIONS]: conditions?.length ? conditions : undefined,
    }),
    spec: { ...rest, ...(cpu !== undefined && { targetCPUUtilizationPercentage: cpu }) },
    status: { ...plainStatus, ...(used !== undefined && { currentCPUUtilizationPercentage: used }) },
  } as V1;
}

function withAnnotations(metadata: V1["metadata"], added: Readonly<Record<string, unknown>>): V1["metadata"] {
  const annotations = Object.fromEntries(Object.entries(metadata.annotations ?? {}).filter(([name]) => !KEPT.includes(name)));
  for (const [name, value] of Object.entries(added)) if (value !== undefined) annotations[name] = JSON.stringify(value);
  const { annotations: _old, ...rest } = metadata;
  return Object.keys(annotations).length > 0 ? { ...rest, annotations } : rest;
}

type Side = "target" | "current";

const SOURCES: Readonly<Record<string, string>> = {
  Resource: "resource",
  ContainerResource: "containerResource",
  Pods: "pods",
  Object: "object",
  External: "external",
};

const ALWAYS_MEASURED: Readonly<Record<string, string>> = {
  resource: "currentAverageValue",
  containerResource: "currentAverageValue",
  pods: "currentAverageValue",
  object: "currentValue",
  external: "currentValue",
};

const IN_ORDER = [
  "target",
  "name",
  "metricName",
  "metricSelector",
  "targetValue",
  "currentValue",
  "targetAverageUtilization",
  "currentAverageUtilization",
  "targetAverageValue",
  "currentAverageValue",
  "selector",
  "averageValue",
  "container",
];

/** `{ target: { averageValue } }` in v2 is `targetAverageValue` beside the name in v1. */
function metricToV1(metric: Json, side: Side): Json {
  const source = SOURCES[metric.type]!;
  const { metric: named, describedObject, [side]: value = {}, ...rest } = metric[source] ?? {};
  const flat: Json = { ...rest };
  if (source === "object") flat.target = describedObject;
  if (named) {
    flat.metricName = named.name;
    if (named.selector) flat[source === "external" ? "metricSelector" : "selector"] = named.selector;
  }
  for (const name of ["value", "averageValue", "averageUtilization"])
    if (value[name] !== undefined) flat[flatName(source, side, name)] = value[name];
  // What is measured is always written in v1.
  if (side === "current") flat[ALWAYS_MEASURED[source]!] ??= "0";
  const names = Object.keys(flat).sort((a, b) => IN_ORDER.indexOf(a) - IN_ORDER.indexOf(b));
  return { type: metric.type, [source]: Object.fromEntries(names.map((name) => [name, flat[name]])) };
}

function metricFromV1(metric: Json, side: Side): Json {
  const source = SOURCES[metric.type] ?? "resource";
  const { metricName, metricSelector, selector, target, ...rest } = metric[source] ?? {};
  const value: Json = {};
  for (const name of ["value", "averageValue", "averageUtilization"]) {
    const flat = flatName(source, side, name);
    if (rest[flat] !== undefined) value[name] = rest[flat];
    delete rest[flat];
  }
  const type =
    value.averageUtilization !== undefined ? "Utilization" : value.averageValue !== undefined ? "AverageValue" : "Value";
  const chosen = metricSelector ?? selector;
  return {
    type: metric.type,
    [source]: {
      ...rest,
      ...(source === "object" && { describedObject: target }),
      ...(metricName !== undefined && { metric: { name: metricName, ...(chosen && { selector: chosen }) } }),
      [side]: side === "target" ? { type, ...value } : value,
    },
  };
}

/** `targetAverageValue`; an object's own average is `averageValue`. */
function flatName(source: string, side: Side, name: string): string {
  return source === "object" && name === "averageValue" ? name : side + upperFirst(name);
}

const upperFirst = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
const lowerFirst = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);

/** The behavior annotation holds Go's own field names. */
function mapKeys(value: unknown, rename: (key: string) => string): any {
  if (Array.isArray(value)) return value.map((item) => mapKeys(item, rename));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [rename(key), mapKeys(part, rename)]));
}

function parse(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
