/**
 * What a StatefulSet may be, and the little that may change of it.
 *
 * @source pkg/apis/apps/validation/validation.go (ValidateStatefulSetSpec, ValidateStatefulSetUpdate) v1.36
 */
import { forbidden, invalidValue, required, type FieldError } from "../../apimachinery/field-error.ts";
import { deepEqual } from "../../apimachinery/patch/json.ts";
import { isDNS1123Label, validateAnnotations, validateLabels } from "../../apimachinery/validation.ts";
import { validateClaimSpec } from "../core/validation/claim.ts";
import { nonNegative, says } from "../core/validation/common.ts";
import { validatePodAnnotations } from "../core/validation/pod-annotations.ts";
import { validatePodTemplate } from "../core/validation/pod-spec.ts";
import type { StatefulSet } from "../generated/apps-v1.ts";
import type { PodTemplateSpec, Volume } from "../generated/core-v1.ts";
import { canSelect, validateLasting, validateMatch, validateSelector } from "./validation.ts";

type Spec = StatefulSet["spec"];

export function validateStatefulSet({ spec }: StatefulSet, old: StatefulSet | undefined): FieldError[] {
  const { serviceName, persistentVolumeClaimRetentionPolicy: retention } = spec;
  return [
    ...validatePolicies(spec),
    ...(["whenDeleted", "whenScaled"] as const).flatMap((name) => {
      const policy = retention?.[name] ?? "";
      if (!retention || policy === "Retain" || policy === "Delete") return [];
      const field = `spec.persistentVolumeClaimRetentionPolicy.${name}`;
      return [{ ...invalidValue(field, policy, ""), ...unsupported(policy) }];
    }),
    // They do not change later; what was let in before stays.
    ...(old ? [] : (spec.volumeClaimTemplates ?? [])).flatMap((claim, i) =>
      validateClaimSpec(`spec.volumeClaimTemplates[${i}].spec`, claim.spec),
    ),
    ...nonNegative("spec.replicas", spec.replicas),
    ...nonNegative("spec.minReadySeconds", spec.minReadySeconds),
    ...nonNegative("spec.ordinals.start", spec.ordinals?.start),
    ...(serviceName && !old ? says("spec.serviceName", serviceName, isDNS1123Label(serviceName)) : []),
    ...validateSelector("spec.selector", spec.selector, "statefulset"),
    ...(canSelect(spec.selector) ? validateTemplate(spec) : [invalidValue("spec.selector", spec.selector, "")]),
    ...validateLasting("spec.template", spec.template, "StatefulSet"),
  ];
}

function validateTemplate(spec: Spec): FieldError[] {
  const { labels, annotations } = spec.template.metadata;
  const made = templateOf(spec);
  return [
    ...validateMatch("spec.template", spec.template, spec.selector),
    ...validatePodTemplate("spec.template", made),
    // Told once more, at paths without the metadata.
    ...validateLabels("spec.template.labels", labels),
    ...validateAnnotations("spec.template.annotations", annotations),
    ...validatePodAnnotations("spec.template.annotations", annotations, made.spec ?? {}),
  ];
}

function unsupported(policy: string): Pick<FieldError, "type" | "message"> {
  return {
    type: "FieldValueNotSupported",
    message: `Unsupported value: ${JSON.stringify(policy)}: supported values: "Retain", "Delete"`,
  };
}

function validatePolicies({ podManagementPolicy: policy, updateStrategy }: Spec): FieldError[] {
  const errors: FieldError[] = [];
  const at = "spec.podManagementPolicy";
  if (!policy) errors.push(required(at));
  else if (policy !== "OrderedReady" && policy !== "Parallel")
    errors.push(invalidValue(at, policy, "must be 'OrderedReady' or 'Parallel'"));
  const field = "spec.updateStrategy";
  const { type, rollingUpdate } = updateStrategy;
  if (!type) return [...errors, required(field)];
  if (type === "OnDelete") {
    if (!rollingUpdate) return errors;
    const shown = { Partition: rollingUpdate.partition ?? 0, MaxUnavailable: rollingUpdate.maxUnavailable ?? null };
    return [...errors, invalidValue(`${field}.rollingUpdate`, shown, "only allowed for updateStrategy 'RollingUpdate'")];
  }
  if (type !== "RollingUpdate") {
    const rolling = rollingUpdate && {
      Partition: rollingUpdate.partition ?? 0,
      MaxUnavailable: rollingUpdate.maxUnavailable ?? null,
    };
    const shown = { Type: type, RollingUpdate: rolling ?? null };
    return [...errors, invalidValue(field, shown, "must be 'RollingUpdate' or 'OnDelete'")];
  }
  if (!rollingUpdate) return errors;
  return [...errors, ...nonNegative(`${field}.rollingUpdate.partition`, rollingUpdate.partition)];
}

/** As its pods will be: names and the volumes of claims are filled in for each. */
function templateOf({ template, volumeClaimTemplates: claims = [] }: Spec): PodTemplateSpec {
  const { subdomain: _subdomain, hostname: _hostname, ...spec } = template.spec ?? {};
  if (claims.length === 0) return { ...template, spec };
  const names = new Set(claims.map(({ metadata }) => metadata.name));
  const made = [...new Map(claims.map((claim) => [claim.metadata.name, claim])).values()].map(
    ({ metadata: { name } }): Volume => ({ name, persistentVolumeClaim: { claimName: name } }),
  );
  return { ...template, spec: { ...spec, volumes: [...made, ...(spec.volumes ?? []).filter(({ name }) => !names.has(name))] } };
}

const CHANGEABLE = [
  "replicas",
  "ordinals",
  "template",
  "updateStrategy",
  "revisionHistoryLimit",
  "persistentVolumeClaimRetentionPolicy",
  "minReadySeconds",
] as const;

export function validateStatefulSetUpdate({ spec }: StatefulSet, old: StatefulSet): FieldError[] {
  const rest = ({ ...copy }: Spec) => {
    for (const name of CHANGEABLE) delete (copy as Partial<Spec>)[name];
    return copy;
  };
  if (deepEqual(rest(spec), rest(old.spec))) return [];
  const names = [
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
  ];
  const listed = names.map((name) => `'${name}'`).join(", ");
  return [forbidden("spec", `updates to statefulset spec for fields other than ${listed} and 'minReadySeconds' are forbidden`)];
}
