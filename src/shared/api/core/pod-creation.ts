/**
 * What creation makes of a pod: label keys become requirements, annotations that fields replaced become fields.
 *
 * @source pkg/registry/core/pod/strategy.go mutatePodAffinity, mutateTopologySpreadConstraints, applyAppArmorVersionSkew v1.36
 */
import type { LabelSelector } from "../../apimachinery/meta.ts";
import type { Pod, PodAffinityTerm, PodSpec, PodTemplateSpec } from "../generated/core-v1.ts";
import { containersOf } from "./pod-spec-defaults.ts";
import { placedContainers } from "./validation/containers.ts";
import { APP_ARMOR, profileOf } from "./validation/pod-annotations.ts";
import { appArmorWarning } from "./validation/pod-warnings.ts";
import { sameMeaning } from "./validation/same-meaning.ts";

type Operator = "In" | "NotIn";

/** `matchLabelKeys: [app]` of a pod with `app: a` → the selector also asks for `app in (a)`. */
export function applyLabelKeys({ metadata, spec }: Pod): void {
  const labels = metadata.labels ?? {};
  const add = (selector: LabelSelector | undefined, keys: readonly string[] = [], operator: Operator) => {
    for (const key of selector ? keys : [])
      if (labels[key] !== undefined)
        selector!.matchExpressions = [...(selector!.matchExpressions ?? []), { key, operator, values: [labels[key]] }];
  };
  const addTerm = ({ labelSelector, matchLabelKeys, mismatchLabelKeys }: PodAffinityTerm) => {
    add(labelSelector, matchLabelKeys, "In");
    add(labelSelector, mismatchLabelKeys, "NotIn");
  };
  for (const affinity of [spec.affinity?.podAffinity, spec.affinity?.podAntiAffinity]) {
    affinity?.requiredDuringSchedulingIgnoredDuringExecution?.forEach(addTerm);
    affinity?.preferredDuringSchedulingIgnoredDuringExecution?.forEach(({ podAffinityTerm }) => addTerm(podAffinityTerm));
  }
  for (const { labelSelector, matchLabelKeys } of spec.topologySpreadConstraints ?? []) add(labelSelector, matchLabelKeys, "In");
}

/** Warnings for annotations that were no field yet. */
export function applyAppArmor({ metadata, spec }: Pod): string[] {
  const { annotations } = metadata;
  if (!annotations || spec.os?.name === "windows") return [];
  const whole = spec.securityContext?.appArmorProfile;
  return placedContainers("spec", spec).flatMap(({ container }) => {
    const annotation = annotations[APP_ARMOR + container.name];
    if (annotation === undefined || container.securityContext?.appArmorProfile) return [];
    const profile = profileOf(annotation);
    if (profile && sameMeaning(profile, whole)) return [];
    if (profile) container.securityContext = { ...container.securityContext, appArmorProfile: profile as typeof whole };
    return [appArmorWarning("", container.name)];
  });
}

/** Parts of features that are off in this version: a pod or template is stored without. */
export function dropDisabled(spec: PodSpec | undefined): void {
  if (!spec) return;
  for (const { projected } of spec.volumes ?? [])
    for (const source of projected?.sources ?? []) {
      delete source.clusterTrustBundle;
      delete source.podCertificate;
    }
  for (const container of containersOf(spec)) {
    if (container.lifecycle?.stopSignal === undefined) continue;
    delete container.lifecycle.stopSignal;
    if (!Object.keys(container.lifecycle).length) delete container.lifecycle;
  }
  delete spec.schedulingGroup;
}

/** The two hooks of a kind with a pod template. */
export function dropsDisabled<T>(templateOf: (object: T) => PodTemplateSpec | undefined) {
  const drop = (object: T) => dropDisabled(templateOf(object)?.spec);
  return { prepareForCreate: drop, prepareForUpdate: drop };
}
