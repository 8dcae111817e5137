import { humanDuration } from "../../apimachinery/duration.ts";
import { formatTime, parseTime } from "../../lib/platform.ts";
import { invalidValue, notSupported, required, type FieldError } from "../../apimachinery/field-error.ts";
import { isDNS1035Label, isDNS1123Subdomain, isValidPortNum } from "../../apimachinery/validation.ts";
import type { APIService as T } from "../generated/apiregistration-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const APIService = defineKind<T>({
  ...facts["apiregistration.k8s.io/v1/apiservices"],
  name: "path-segment",
  requireResourceVersion: true,
  validate: validateApiService,
  validateStatusUpdate: ({ status }) =>
    (status?.conditions ?? []).flatMap(({ status: state }, i) =>
      STATES.includes(state) ? [] : [notSupported(`status.conditions[${i}].status`, state ?? "", STATES, "given")],
    ),
  cells(service, { now }) {
    const { metadata, spec, status } = service;
    const available = status?.conditions?.find(({ type }) => type === "Available");
    const state = !available ? "Unknown" : available.status === "True" ? "True" : `${available.status} (${available.reason})`;
    const target = spec?.service ? `${spec.service.namespace}/${spec.service.name}` : "Local";
    return [metadata.name, target, state, humanDuration(now - parseTime(metadata.creationTimestamp))];
  },
  prepareForCreate(service, { now }) {
    if (!service.spec?.service) service.status = { conditions: [{ ...LOCAL, lastTransitionTime: formatTime(now) }] };
  },
  setDefaults({ spec }) {
    if (spec?.service) spec.service.port ??= 443;
  },
});
export type APIService = T;

const LOCAL = { type: "Available", status: "True", reason: "Local", message: "Local APIServices are always available" } as const;

const STATES: readonly string[] = ["True", "False", "Unknown"];

function validateApiService({ metadata, spec = {} as T["spec"] }: T): FieldError[] {
  const { group = "", version = "", groupPriorityMinimum: priority = 0, versionPriority = 0 } = spec;
  const name = `${version}.${group}`;
  const errors: FieldError[] = [];
  const refuse = (field: string, value: unknown, text: string) => errors.push(invalidValue(field, value, text));
  if (metadata.name !== name)
    refuse("metadata.name", metadata.name, `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(name)}`);
  if (!group && version !== "v1")
    errors.push(required("spec.group", "only v1 may have an empty group and it better be legacy kube"));
  if (group) for (const text of isDNS1123Subdomain(group)) refuse("spec.group", group, text);
  for (const text of isDNS1035Label(version)) refuse("spec.version", version, text);
  if (priority <= 0 || priority > 20_000) refuse("spec.groupPriorityMinimum", priority, "must be positive and less than 20000");
  if (versionPriority <= 0 || versionPriority > 1000)
    refuse("spec.versionPriority", versionPriority, "must be positive and less than 1000");
  return [...errors, ...validateTarget(spec)];
}

/** A server elsewhere, or none: then nothing is said about its certificate. */
function validateTarget({ service, caBundle = "", insecureSkipTLSVerify: skip = false }: T["spec"]): FieldError[] {
  const errors: FieldError[] = [];
  if (!service) {
    const size = `${Buffer.byteLength(caBundle, "base64")} bytes`;
    if (caBundle) errors.push(invalidValue("spec.caBundle", size, "local APIServices may not have a caBundle"));
    const text = "local APIServices may not have insecureSkipTLSVerify";
    return skip ? [...errors, invalidValue("spec.insecureSkipTLSVerify", skip, text)] : errors;
  }
  for (const name of ["namespace", "name"] as const) if (!service[name]) errors.push(required(`spec.service.${name}`));
  const wrong = isValidPortNum(service.port ?? 0);
  if (wrong.length) errors.push(invalidValue("spec.service.port", service.port, `port is not valid: ${wrong.join(", ")}`));
  if (skip && caBundle) errors.push(invalidValue("spec.insecureSkipTLSVerify", skip, "may not be true if caBundle is present"));
  return errors;
}
