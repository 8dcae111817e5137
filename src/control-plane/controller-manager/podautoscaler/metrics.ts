/** What pods use, from the resource metrics API (`metrics.k8s.io`), and what each metric of an autoscaler asks for. */
import { Pod, type HorizontalPodAutoscaler } from "../../../shared/api/index.ts";
import type { MetricSpec, MetricStatus } from "../../../shared/api/generated/autoscaling-v2.ts";
import type { PodMetricsList } from "../../../shared/api/generated/metrics-v1beta1.ts";
import { parseSelector, quantityMilli } from "../../../shared/apimachinery/index.ts";
import type { ControllerContext } from "../../../shared/client/index.ts";
import { messageOf } from "../common/pod-control.ts";
import { proposeReplicas, type Proposal } from "./replicas.ts";

const TOLERANCE = 0.1;

export interface Wanted {
  replicas: number;
  /** As in `the HPA was able to successfully calculate a replica count from …`. */
  name: string;
  status: MetricStatus;
}

export class MetricError extends Error {
  readonly reason: string;
  constructor(reason: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** @throws MetricError */
export async function replicasFor(
  hpa: HorizontalPodAutoscaler,
  metric: MetricSpec,
  selector: string,
  current: number,
  context: ControllerContext<any>,
): Promise<Wanted> {
  if (metric.type !== "Resource" && metric.type !== "ContainerResource") {
    const api = metric.type === "External" ? "external.metrics.k8s.io" : "custom.metrics.k8s.io";
    throw new MetricError(`FailedGet${metric.type}Metric`, `no metrics of type ${metric.type}: the API ${api} is not consumed`);
  }
  const source = (metric.resource ?? metric.containerResource)!;
  const container = metric.containerResource?.container;
  const { namespace } = hpa.metadata;
  try {
    const usage = await usageOf(namespace!, selector, source.name, container, context);
    const matcher = parseSelector(selector);
    const pods = context.cache.list(Pod, namespace).filter((pod) => matcher.matches(pod.metadata.labels));
    const { scaleUp, scaleDown } = hpa.spec.behavior ?? {};
    const tolerance = { up: Number(scaleUp?.tolerance ?? TOLERANCE), down: Number(scaleDown?.tolerance ?? TOLERANCE) };
    const proposal = proposeReplicas({
      pods,
      usage,
      resource: source.name,
      ...(container && { container }),
      target: source.target,
      current,
      tolerance,
      now: context.clock.now(),
    });
    const name = `${source.name} ${container ? "container " : ""}resource${source.target.type === "Utilization" ? " utilization (percentage of request)" : ""}`;
    return { replicas: proposal.replicas, name, status: statusOf(metric, source.name, proposal) };
  } catch (error) {
    const message = `failed to get ${source.name} ${source.target.type === "Utilization" ? "utilization" : "usage"}: ${messageOf(error)}`;
    throw new MetricError(container ? "FailedGetContainerResourceMetric" : "FailedGetResourceMetric", message, { cause: error });
  }
}

function statusOf(metric: MetricSpec, name: string, { utilization, averageMilli }: Proposal): MetricStatus {
  const current = {
    averageValue: `${Math.round(averageMilli)}m`,
    ...(utilization !== undefined && { averageUtilization: utilization }),
  };
  if (metric.containerResource)
    return { type: metric.type, containerResource: { name, container: metric.containerResource.container, current } };
  return { type: metric.type, resource: { name, current } };
}

async function usageOf(
  namespace: string,
  labelSelector: string,
  resource: string,
  container: string | undefined,
  { client }: ControllerContext<any>,
): Promise<Map<string, number>> {
  const path = `/apis/metrics.k8s.io/v1beta1/namespaces/${namespace}/pods`;
  const { body } = await client.transport.request({ method: "GET", path, query: { labelSelector } }).catch((error: unknown) => {
    throw new Error(
      `unable to get metrics for resource ${resource}: unable to fetch metrics from resource metrics API: ${messageOf(error)}`,
      { cause: error },
    );
  });
  const usage = new Map<string, number>();
  for (const { metadata, containers = [] } of (body as PodMetricsList).items ?? []) {
    const counted = containers.filter((c) => !container || c.name === container);
    if (counted.length === 0 || counted.some((c) => c.usage?.[resource] === undefined)) continue;
    usage.set(
      metadata.name,
      counted.reduce((n, c) => n + quantityMilli(c.usage![resource]), 0),
    );
  }
  if (usage.size === 0)
    throw new Error(`unable to get metrics for resource ${resource}: no metrics returned from resource metrics API`);
  return usage;
}
