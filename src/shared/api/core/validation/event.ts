/**
 * Events. Those of the core group are hardly checked, as it always was; those written through events.k8s.io are.
 *
 * @source pkg/apis/core/validation/events.go v1.36
 */
import { invalidValue, required, type FieldError } from "../../../apimachinery/field-error.ts";
import { deepEqual } from "../../../apimachinery/patch/index.ts";
import { byteLength, isDNS1123Subdomain, isQualifiedName } from "../../../apimachinery/validation.ts";
import type { Event } from "../../generated/core-v1.ts";

const LIMITS = { reportingInstance: 128, action: 128, reason: 128, message: 1024 } as const;

/** `strict`: asked for through events.k8s.io. */
export const validateEvent = (event: Event, { strict }: { strict: boolean }): FieldError[] => [
  ...validateAlways(event, strict ? "reportingController" : "reportingComponent"),
  ...(strict ? [...validateSeries(event), ...validateNew(event)] : []),
];

function validateAlways(event: Event, reporter: string): FieldError[] {
  const { namespace = "" } = event.metadata;
  const about = event.involvedObject?.namespace ?? "";
  const away = about ? about !== namespace && !event.eventTime : !nowhere(namespace, Boolean(event.eventTime));
  const errors = away ? [invalidValue("involvedObject.namespace", about, "does not match event.namespace")] : [];
  if (event.eventTime) errors.push(...validateReport(event, reporter));
  return [...errors, ...isDNS1123Subdomain(namespace).map((text) => invalidValue("namespace", namespace, text))];
}

/** Where an event about something without a namespace may lie. */
const nowhere = (namespace: string, timed: boolean) => namespace === "default" || (timed && namespace === "kube-system");

function validateReport(event: Event, reporter: string): FieldError[] {
  const { reportingComponent: name = "" } = event;
  const errors = name ? [] : [required(reporter)];
  errors.push(...isQualifiedName(name).map((text) => invalidValue(reporter, name, text)));
  for (const member of ["reportingInstance", "action", "reason", "message"] as const) {
    const text = event[member] ?? "";
    if (!text && member !== "message") errors.push(required(member));
    if (byteLength(text) > LIMITS[member]) errors.push(invalidValue(member, "", `can have at most ${LIMITS[member]} characters`));
  }
  return errors;
}

function validateSeries({ series }: Event): FieldError[] {
  if (!series) return [];
  const errors = (series.count ?? 0) < 2 ? [invalidValue("series.count", "", "should be at least 2")] : [];
  return series.lastObservedTime ? errors : [...errors, required("series.lastObservedTime")];
}

function validateNew(event: Event): FieldError[] {
  const errors = event.eventTime ? [] : [required("eventTime")];
  const { type = "", source } = event;
  if (type !== "Normal" && type !== "Warning") errors.push(invalidValue("type", "", `has invalid value: ${type}`));
  const old = (["firstTimestamp", "lastTimestamp", "count"] as const).filter((member) => event[member]);
  const given = [...old, ...(source?.component || source?.host ? ["source"] : [])];
  return [...errors, ...given.map((member) => invalidValue(member, "", "needs to be unset"))];
}

/** In upstream's order, `reason` twice. */
const FIXED = [
  "involvedObject",
  "reason",
  "message",
  "source",
  "firstTimestamp",
  "lastTimestamp",
  "count",
  "reason",
  "type",
  "eventTime",
  "action",
  "related",
  "reportingComponent",
  "reportingInstance",
] as const;

/** Of an event written through events.k8s.io only the series may change. */
export function validateEventUpdate(event: Event, old: Event, { strict }: { strict: boolean }): FieldError[] {
  const errors = validateAlways(event, strict ? "reportingController" : "reportingComponent");
  if (!strict) return errors;
  if (!deepEqual(event.series, old.series)) errors.push(...validateSeries(event));
  for (const member of FIXED) {
    const name = member === "reportingComponent" ? "reportingController" : member;
    if (!deepEqual(event[member], old[member])) errors.push(invalidValue(name, event[member], "field is immutable"));
  }
  return errors;
}
