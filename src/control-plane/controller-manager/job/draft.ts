/** A Job's pod: its template, with the finalizer that keeps it until it is counted, and its index where the Job has them. */
import { Job, type Pod } from "../../../shared/api/index.ts";
import type { Container, PodSpec, PodTemplateSpec } from "../../../shared/api/generated/core-v1.ts";
import type { Draft } from "../../../shared/apimachinery/meta.ts";
import { podFromTemplate } from "../common/pod-control.ts";
import { judgeFailure } from "./policies.ts";
import { countOf, FAILURE_COUNT, hasLimitPerIndex, IGNORED_COUNT, INDEX, TRACKING } from "./pods.ts";

const INDEX_ENV = "JOB_COMPLETION_INDEX";
const MAX_PREFIX = 58;

/** `replaces` is the failed pod of this index whose failures go on counting. */
export function draftPod(job: Job, index: number | undefined, replaces: Pod | undefined): Draft<Pod> {
  const pod = podFromTemplate(job.spec!.template as PodTemplateSpec, Job, job);
  const finalizers = [...((pod.metadata.finalizers as string[] | undefined) ?? []).filter((f) => f !== TRACKING), TRACKING];
  if (index === undefined) return { ...pod, metadata: { ...pod.metadata, finalizers } };
  const suffix = `-${index}-`;
  const name = `${job.metadata.name}${suffix}`;
  return {
    metadata: {
      ...pod.metadata,
      generateName: name.length > MAX_PREFIX ? `${job.metadata.name.slice(0, MAX_PREFIX - suffix.length)}${suffix}` : name,
      finalizers,
      labels: { ...pod.metadata.labels, [INDEX]: String(index) },
      annotations: {
        ...pod.metadata.annotations,
        [INDEX]: String(index),
        ...(hasLimitPerIndex(job) && failureCounts(job, replaces)),
      },
    },
    spec: withIndexEnv(pod.spec as PodSpec, `${job.metadata.name}-${index}`) as Draft<PodSpec>,
  };
}

function failureCounts(job: Job, replaces: Pod | undefined): Record<string, string> {
  if (!replaces) return { [FAILURE_COUNT]: "0" };
  const { counts } = judgeFailure(job, replaces);
  const ignored = countOf(replaces, IGNORED_COUNT) + (counts ? 0 : 1);
  return {
    [FAILURE_COUNT]: String(countOf(replaces, FAILURE_COUNT) + (counts ? 1 : 0)),
    ...(ignored && { [IGNORED_COUNT]: String(ignored) }),
  };
}

function withIndexEnv(spec: PodSpec, hostname: string): PodSpec {
  const env = { name: INDEX_ENV, valueFrom: { fieldRef: { fieldPath: `metadata.labels['${INDEX}']` } } };
  const add = (c: Container) =>
    c.env?.some((e) => e.name === INDEX_ENV) ? c : ({ ...c, env: [...(c.env ?? []), env] } as Container);
  return {
    ...spec,
    hostname,
    containers: (spec.containers ?? []).map(add),
    ...(spec.initContainers && { initContainers: spec.initContainers.map(add) }),
  };
}
