/**
 * What an autoscaler measures.
 *
 * @source pkg/apis/autoscaling/validation/validation.go validateMetricSpec v1.36
 */
import { forbidden, invalidValue, notSupported, required, type FieldError } from "../../apimachinery/field-error.ts";
import { Quantity } from "../../apimachinery/quantity.ts";
import { isDNS1123Label, isPathSegmentName } from "../../apimachinery/validation.ts";
import { validateContainerResourceName } from "../core/validation/resources.ts";
import type { MetricSpec, MetricTarget } from "../generated/autoscaling-v2.ts";
import { validateReference, type ReferenceOptions } from "./reference-validation.ts";

const TYPES = ["ContainerResource", "External", "Object", "Pods", "Resource"];
/** Members in the order in which upstream looks at them. */
const SOURCES = ["object", "external", "pods", "resource", "containerResource"] as const;
const TARGETS = ["Utilization", "Value", "AverageValue"];

export function validateMetric(path: string, spec: MetricSpec, options: ReferenceOptions): FieldError[] {
  const { type = "" } = spec;
  const errors = type ? [] : [required(`${path}.type`, "must specify a metric source type")];
  const unknown = TYPES.includes(type) ? [] : [notSupported(`${path}.type`, type, TYPES)];
  const present = SOURCES.filter((name) => spec[name]);
  errors.push(...unknown, ...(present[0] ? validateSource(`${path}.${present[0]}`, spec, options) : []));
  const own = SOURCES.find((name) => name.toLowerCase() === type.toLowerCase());
  if (own && !unknown.length && !spec[own])
    errors.push(required(`${path}.${own}`, "must populate information for the given metric source"));
  errors.push(...unknown); // told twice, as upstream does
  if (present.length === 1) return errors;
  const others = present.filter((name) => name !== own);
  return [...errors, ...others.map((name) => forbidden(`${path}.${name}`, "must populate the given metric source only"))];
}

/** The first source that is there. */
function validateSource(path: string, spec: MetricSpec, options: ReferenceOptions): FieldError[] {
  const { object, external, pods, resource, containerResource } = spec;
  const average = `${path}.target.averageValue`;
  if (object) {
    const given = object.target?.value ?? object.target?.averageValue;
    return [
      ...validateReference(`${path}.describedObject`, object.describedObject, options),
      ...validateNamed(path, object),
      ...(given === undefined ? [required(average, "must set either a target value or averageValue")] : []),
    ];
  }
  if (external) return [...validateNamed(path, external), ...eitherValue(path, external.target)];
  if (pods) {
    const missing = pods.target?.averageValue === undefined;
    return [...validateNamed(path, pods), ...(missing ? [required(average, "must specify a positive target averageValue")] : [])];
  }
  if (resource) {
    const errors = resource.name ? [] : [required(`${path}.name`, "must specify a resource name")];
    return [...errors, ...validateTarget(`${path}.target`, resource.target), ...eitherShare(path, resource.target)];
  }
  const { name, container, target } = containerResource!;
  return [
    ...(name ? validateContainerResourceName(`${path}.name`, name) : [required(`${path}.name`, "must specify a resource name")]),
    ...(container
      ? isDNS1123Label(container).map((text) => invalidValue(`${path}.container`, container, text))
      : [required(`${path}.container`, "must specify a container")]),
    ...validateTarget(`${path}.target`, target),
    ...eitherShare(path, target),
  ];
}

interface Named {
  metric: { name?: string };
  target: MetricTarget;
}

function validateNamed(path: string, { metric, target }: Named): FieldError[] {
  const at = `${path}.metric.name`;
  const name = metric?.name ?? "";
  const errors = name
    ? isPathSegmentName(name).map((text) => invalidValue(at, name, text))
    : [required(at, "must specify a metric name")];
  return [...errors, ...validateTarget(`${path}.target`, target)];
}

function eitherValue(path: string, { value, averageValue }: Partial<MetricTarget> = {}): FieldError[] {
  const at = `${path}.target`;
  if (value === undefined && averageValue === undefined)
    return [required(`${at}.averageValue`, "must set either a target value for metric or a per-pod target")];
  if (value === undefined || averageValue === undefined) return [];
  return [forbidden(`${at}.value`, "may not set both a target value for metric and a per-pod target")];
}

function eitherShare(path: string, { averageUtilization: share, averageValue }: Partial<MetricTarget> = {}): FieldError[] {
  const at = `${path}.target`;
  if (share === undefined && averageValue === undefined)
    return [required(`${at}.averageUtilization`, "must set either a target raw value or a target utilization")];
  if (share === undefined || averageValue === undefined) return [];
  return [forbidden(`${at}.averageValue`, "may not set both a target raw value and a target utilization")];
}

const ZERO = Quantity.of(0);

function validateTarget(path: string, target: Partial<MetricTarget> = {}): FieldError[] {
  const { type = "", averageUtilization: share } = target;
  const errors = type ? [] : [required(`${path}.type`, "must specify a metric target type")];
  if (!TARGETS.includes(type))
    errors.push(invalidValue(`${path}.type`, type, "must be either Utilization, Value, or AverageValue"));
  for (const name of ["value", "averageValue"] as const) {
    const amount = target[name];
    if (amount !== undefined && Quantity.parse(amount).cmp(ZERO) <= 0)
      errors.push(invalidValue(`${path}.${name}`, amount, "must be positive"));
  }
  if (share !== undefined && share < 1) errors.push(invalidValue(`${path}.averageUtilization`, share, "must be greater than 0"));
  return errors;
}
