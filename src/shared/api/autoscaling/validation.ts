/**
 * Autoscalers: how many, of what, how fast.
 *
 * @source pkg/apis/autoscaling/validation/validation.go, pkg/registry/autoscaling/horizontalpodautoscaler/strategy.go v1.36
 */
import { forbidden, invalidValue, notSupported, required, type FieldError } from "../../apimachinery/field-error.ts";
import { validateNonnegativeQuantity } from "../core/validation/resources.ts";
import type {
  HorizontalPodAutoscaler as Autoscaler,
  HorizontalPodAutoscalerSpec as Spec,
  HPAScalingPolicy as Policy,
  HPAScalingRules as Rules,
} from "../generated/autoscaling-v2.ts";
import { validateMetric } from "./metric-validation.ts";
import { validateReference } from "./reference-validation.ts";

const MAX_PERIOD_SECONDS = 1800;
const MAX_WINDOW_SECONDS = 3600;
const SELECT_POLICIES = ["Disabled", "Max", "Min"];
const POLICIES = ["Percent", "Pods"];

export function validateAutoscaler({ spec }: Autoscaler, old?: Autoscaler): FieldError[] {
  const { minReplicas, maxReplicas = 0, scaleTargetRef: target, metrics = [], behavior } = spec;
  const errors: FieldError[] = [];
  const refuse = (field: string, value: unknown, text: string) => errors.push(invalidValue(field, value, text));
  const least = old?.spec.minReplicas === 0 ? 0 : 1;
  if (minReplicas !== undefined && minReplicas < least)
    refuse("spec.minReplicas", minReplicas, `must be greater than or equal to ${least}`);
  if (maxReplicas === 0) errors.push(required("spec.maxReplicas", "must be set and greater than 0"));
  else if (maxReplicas < 0) refuse("spec.maxReplicas", maxReplicas, "must be greater than or equal to 1");
  if (minReplicas !== undefined && maxReplicas < minReplicas)
    refuse("spec.maxReplicas", maxReplicas, "must be greater than or equal to `minReplicas`");
  errors.push(...validateReference("spec.scaleTargetRef", target, targetOptions(spec, old?.spec)));
  metrics.forEach((metric, i) => errors.push(...validateMetric(`spec.metrics[${i}]`, metric, { noGroup: true })));
  if (minReplicas === 0 && !metrics.some(({ type }) => type === "Object" || type === "External")) {
    const text = "must specify at least one Object or External metric to support scaling to zero replicas";
    errors.push(forbidden("spec.metrics", text));
  }
  for (const way of ["scaleUp", "scaleDown"] as const) errors.push(...validateRules(`spec.behavior.${way}`, behavior?.[way]));
  return errors;
}

/** What did not change is not judged again; replication controllers are of the core group. */
function targetOptions({ scaleTargetRef: now }: Spec, old: Spec | undefined) {
  const was = old?.scaleTargetRef;
  if (was && was.kind === now?.kind && was.apiVersion === now?.apiVersion) return { anyVersion: true };
  return { noGroup: now?.kind === "ReplicationController" };
}

function validateRules(path: string, rules: Rules | undefined): FieldError[] {
  if (!rules) return [];
  const { stabilizationWindowSeconds: window = 0, selectPolicy, policies = [], tolerance } = rules;
  const errors: FieldError[] = [];
  const refuse = (text: string) => errors.push(invalidValue(`${path}.stabilizationWindowSeconds`, window, text));
  if (window < 0) refuse("must be greater than or equal to zero");
  if (window > MAX_WINDOW_SECONDS) refuse(`must be less than or equal to ${MAX_WINDOW_SECONDS}`);
  if (selectPolicy !== undefined && !SELECT_POLICIES.includes(selectPolicy))
    errors.push(notSupported(`${path}.selectPolicy`, selectPolicy, SELECT_POLICIES));
  if (!policies.length) errors.push(required(`${path}.policies`, "must specify at least one Policy"));
  policies.forEach((policy, i) => errors.push(...validatePolicy(`${path}.policies[${i}]`, policy)));
  if (tolerance !== undefined) errors.push(...validateNonnegativeQuantity(`${path}.tolerance`, tolerance));
  return errors;
}

function validatePolicy(path: string, { type, value = 0, periodSeconds: period = 0 }: Policy): FieldError[] {
  const errors = POLICIES.includes(type) ? [] : [notSupported(`${path}.type`, type ?? "", POLICIES)];
  if (value <= 0) errors.push(invalidValue(`${path}.value`, value, "must be greater than zero"));
  if (period <= 0) errors.push(invalidValue(`${path}.periodSeconds`, period, "must be greater than zero"));
  if (period > MAX_PERIOD_SECONDS)
    errors.push(invalidValue(`${path}.periodSeconds`, period, `must be less than or equal to ${MAX_PERIOD_SECONDS}`));
  return errors;
}
