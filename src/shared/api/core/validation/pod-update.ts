/**
 * What may change in a pod: images, the deadline, more tolerations, fewer scheduling gates, and of a gated pod where it may run.
 *
 * @source pkg/apis/core/validation/validation.go ValidatePodUpdate, ValidatePodEphemeralContainersUpdate v1.36
 */
import { forbidden, invalidValue, required, type FieldError } from "../../../apimachinery/field-error.ts";
import type { Container, NodeAffinity, NodeSelectorTerm, Pod, PodSpec, Toleration } from "../../generated/core-v1.ts";
import { sameMeaning, differences } from "./same-meaning.ts";
import { validateTolerations } from "./affinity.ts";
import { validateImageSpace } from "./containers.ts";
import { validatePod } from "./pod.ts";
import { APP_ARMOR, MIRROR, validatePodAnnotations } from "./pod-annotations.ts";

const UPDATABLE =
  "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";
const MAX_INT32 = 2 ** 31 - 1;

export function validatePodUpdate(pod: Pod, old: Pod): FieldError[] {
  const { spec } = pod;
  const errors = [...validatePod(pod), ...validateAnnotationUpdates(pod, old)];
  for (const list of ["containers", "initContainers"] as const) {
    const [now, was] = [spec[list] ?? [], old.spec[list] ?? []];
    if (now.length !== was.length) return [...errors, forbidden(`spec.${list}`, "pod updates may not add or remove containers")];
    for (const [i, container] of now.entries()) {
      if (!container.image) errors.push(required(`spec.${list}[${i}].image`));
      errors.push(...validateImageSpace(`spec.${list}[${i}]`, container));
    }
  }
  const deadline = validateDeadline(spec.activeDeadlineSeconds, old.spec.activeDeadlineSeconds);
  errors.push(...deadline);
  if (deadline.length && spec.activeDeadlineSeconds !== undefined) return errors;
  errors.push(...validateMoreTolerations(spec.tolerations, old.spec.tolerations), ...validateFewerGates(spec, old.spec));
  return sameMeaning(spec, old.spec) ? errors : [...errors, ...validateRest(spec, old.spec)];
}

function validateDeadline(now: number | undefined, was: number | undefined): FieldError[] {
  const at = "spec.activeDeadlineSeconds";
  if (now === undefined)
    return was === undefined ? [] : [invalidValue(at, null, "must not update from a positive integer to nil value")];
  if (now < 0 || now > MAX_INT32) return [invalidValue(at, now, `must be between 0 and ${MAX_INT32}, inclusive`)];
  return was !== undefined && was < now ? [invalidValue(at, now, "must be less than or equal to previous value")] : [];
}

function validateMoreTolerations(now: readonly Toleration[] = [], was: readonly Toleration[] = []): FieldError[] {
  const kept = (one: Toleration) =>
    now.some((other) => sameMeaning({ ...one, tolerationSeconds: 0 }, { ...other, tolerationSeconds: 0 }));
  if (!was.every(kept))
    return [forbidden("spec.tolerations", "existing toleration can not be modified except its tolerationSeconds")];
  return validateTolerations("spec.tolerations", now);
}

function validateFewerGates({ schedulingGates: now = [] }: PodSpec, { schedulingGates: was = [] }: PodSpec): FieldError[] {
  return now.flatMap(({ name }, i) =>
    was.some((gate) => gate.name === name)
      ? []
      : [forbidden(`spec.schedulingGates[${i}].name`, `only deletion is allowed, but found new scheduling gate '${name}'`)],
  );
}

/** With what may change put back, nothing else has. */
function validateRest(spec: PodSpec, old: PodSpec): FieldError[] {
  const rest: PodSpec = {
    ...spec,
    containers: withImages(spec.containers, old.containers) ?? [],
    activeDeadlineSeconds: old.activeDeadlineSeconds,
    schedulingGates: old.schedulingGates,
    tolerations: old.tolerations,
  };
  if (spec.initContainers) rest.initContainers = withImages(spec.initContainers, old.initContainers);
  if ((old.terminationGracePeriodSeconds ?? 0) < 0 && spec.terminationGracePeriodSeconds === 1)
    rest.terminationGracePeriodSeconds = old.terminationGracePeriodSeconds;
  const errors = old.schedulingGates?.length ? moveGated(rest, old) : [];
  if (sameMeaning(rest, old)) return errors;
  // Differs: upstream appends its own print of the difference.
  const text = `pod updates may not change fields other than ${UPDATABLE}\n${differences("spec", old, rest)}\n`;
  return [...errors, forbidden("spec", text)];
}

const withImages = (now: readonly Container[] | undefined, old: readonly Container[] = []): Container[] | undefined =>
  now?.map((container, i) => ({ ...container, image: old[i]!.image }));

/** A pod that is not scheduled yet may be restricted further; `rest` gets the old placement back. */
function moveGated(rest: PodSpec, old: PodSpec): FieldError[] {
  const errors: FieldError[] = [];
  const selector = rest.nodeSelector ?? {};
  if (Object.entries(old.nodeSelector ?? {}).some(([key, value]) => selector[key] !== value)) {
    const text = "only additions to spec.nodeSelector are allowed (no mutations or deletions)";
    errors.push(invalidValue("spec.nodeSelector", rest.nodeSelector, text));
  }
  rest.nodeSelector = old.nodeSelector;
  const [now, was] = [rest.affinity?.nodeAffinity, old.affinity?.nodeAffinity];
  if (sameMeaning(now, was)) return errors;
  errors.push(...validateNodeAffinityMove(now, was));
  const { nodeAffinity: _moved, ...others } = rest.affinity ?? {};
  rest.affinity = was ? { ...others, nodeAffinity: was } : others;
  if (!Object.keys(rest.affinity).length && !old.affinity) delete rest.affinity;
  return errors;
}

function validateNodeAffinityMove(now: NodeAffinity | undefined, was: NodeAffinity | undefined): FieldError[] {
  const terms = (affinity: NodeAffinity | undefined) =>
    affinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const at = "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms";
  const [next, old] = [terms(now), terms(was)];
  if (old.length && old.length !== next.length)
    return [invalidValue(at, next, "no additions/deletions to non-empty NodeSelectorTerms list are allowed")];
  return old.flatMap((term, i) =>
    onlyAdds(next[i]!, term)
      ? []
      : [invalidValue(`${at}[${i}]`, next[i], "only additions are allowed (no mutations or deletions)")],
  );
}

function onlyAdds(now: NodeSelectorTerm, old: NodeSelectorTerm): boolean {
  const lists = ["matchExpressions", "matchFields"] as const;
  if (lists.every((list) => !old[list]?.length)) return lists.every((list) => !now[list]?.length);
  return lists.every((list) => sameMeaning((now[list] ?? []).slice(0, old[list]?.length ?? 0), old[list] ?? []));
}

export function validateAnnotationUpdates(pod: Pod, old: Pod): FieldError[] {
  const [now, was] = [pod.metadata.annotations ?? {}, old.metadata.annotations ?? {}];
  const errors: FieldError[] = [];
  for (const key of new Set([...Object.keys(was), ...Object.keys(now)])) {
    if (now[key] === was[key]) continue;
    const verb = key in was ? "remove or update" : "add";
    const at = `metadata.annotations[${key}]`;
    if (key.startsWith(APP_ARMOR)) errors.push(forbidden(at, `may not ${verb} AppArmor annotations`));
    if (key === MIRROR) errors.push(forbidden(at, `may not ${verb} mirror pod annotation`));
  }
  return [...errors, ...validatePodAnnotations("metadata.annotations", now, pod.spec)];
}

/** Ephemeral containers are added, never changed. */
export function validateEphemeralUpdate(pod: Pod, old: Pod): FieldError[] {
  if (old.metadata.annotations && MIRROR in old.metadata.annotations)
    return [forbidden("[]", "static pods do not support ephemeral containers")];
  const errors = [...validatePod(pod), ...validateAnnotationUpdates(pod, old)];
  const at = "spec.ephemeralContainers";
  for (const container of old.spec.ephemeralContainers ?? []) {
    const now = pod.spec.ephemeralContainers?.findLast(({ name }) => name === container.name);
    const named = `existing ephemeral containers ${JSON.stringify(container.name)}`;
    if (!now) errors.push(forbidden(at, `${named} may not be removed\n`));
    else if (!sameMeaning(now, container))
      errors.push(forbidden(at, `${named} may not be changed\n${differences(at, container, now)}\n`));
  }
  return errors;
}
