/**
 * What annotations of a pod mean to it: mirrors, deletion cost, and the profiles that fields have replaced.
 *
 * @source pkg/apis/core/validation/validation.go ValidatePodSpecificAnnotations, validateSeccompAnnotationsAndFields v1.36
 */
import { forbidden, invalidValue, type FieldError } from "../../../apimachinery/field-error.ts";
import type { PodSpec } from "../../generated/core-v1.ts";
import { validateTolerations } from "./affinity.ts";
import { descendingPath } from "./common.ts";
import { placedContainers } from "./containers.ts";

type Annotations = Readonly<Record<string, string>>;

const NO_ANNOTATIONS: Annotations = {};
export const MIRROR = "kubernetes.io/config.mirror";
const TOLERATIONS = "scheduler.alpha.kubernetes.io/tolerations";
const DELETION_COST = "controller.kubernetes.io/pod-deletion-cost";
export const SECCOMP_POD = "seccomp.security.alpha.kubernetes.io/pod";
export const SECCOMP_CONTAINER = "container.seccomp.security.alpha.kubernetes.io/";
export const APP_ARMOR = "container.apparmor.security.beta.kubernetes.io/";

export function validatePodAnnotations(path: string, annotations: Annotations = NO_ANNOTATIONS, spec: PodSpec): FieldError[] {
  const errors: FieldError[] = [];
  for (const key in annotations) {
    const value = annotations[key]!;
    const at = `${path}[${key}]`;
    if (key === MIRROR && !spec.nodeName)
      errors.push(invalidValue(at, value, "must set spec.nodeName if mirror pod annotation is set"));
    else if (key === TOLERATIONS && value) errors.push(...validateAnnotatedTolerations(path, value));
    else if (key === DELETION_COST && !isDeletionCost(value)) errors.push(invalidValue(at, value, "must be a 32bit integer"));
    else if (key === SECCOMP_POD || key.startsWith(SECCOMP_CONTAINER)) errors.push(...seccompFaults(`${path}.${key}`, value));
    else if (key.startsWith(APP_ARMOR)) errors.push(...appArmorFaults(at, key.slice(APP_ARMOR.length), value, spec));
  }
  return errors;
}

function validateAnnotatedTolerations(path: string, text: string): FieldError[] {
  try {
    return validateTolerations(`${path}.${TOLERATIONS}`, JSON.parse(text) ?? []);
  } catch (error) {
    return [invalidValue(path, TOLERATIONS, (error as Error).message)];
  }
}

/** `+1` and leading zeros are refused: they would be written back otherwise than they came. */
const isDeletionCost = (text: string): boolean => /^(0|-?[1-9]\d*)$/.test(text) && Math.abs(Number(text) + 0.5) <= 2 ** 31 - 0.5;

function seccompFaults(path: string, profile: string): FieldError[] {
  if (["runtime/default", "docker/default", "unconfined"].includes(profile)) return [];
  if (profile.startsWith("localhost/")) return descendingPath(path, profile.slice("localhost/".length));
  return [invalidValue(path, profile, "must be a valid seccomp profile")];
}

function appArmorFaults(path: string, container: string, profile: string, spec: PodSpec): FieldError[] {
  const found = placedContainers("", spec).some((placed) => placed.container.name === container);
  const errors = found ? [] : [invalidValue(path, container, "container not found")];
  if (!profile || ["runtime/default", "unconfined"].includes(profile) || profile.startsWith("localhost/")) return errors;
  return [...errors, invalidValue(path, profile, `invalid AppArmor profile name: ${JSON.stringify(profile)}`)];
}

/** Annotations that fields replaced say the same as the fields. */
export function profilesAgree(path: string, spec: PodSpec, annotations: Annotations | undefined): FieldError[] {
  if (!annotations) return [];
  const whole = spec.securityContext;
  const errors = agreesWithAnnotation(
    `${path}.securityContext.seccompProfile`,
    "seccomp",
    annotations[SECCOMP_POD],
    whole?.seccompProfile,
  );
  const placed = placedContainers(path, spec);
  for (const { container, field: at } of placed) {
    const annotation = annotations[SECCOMP_CONTAINER + container.name];
    const profile = container.securityContext?.seccompProfile;
    errors.push(...agreesWithAnnotation(`${at}.securityContext.seccompProfile`, "seccomp", annotation, profile));
  }
  if (spec.os?.name === "windows") return errors;
  for (const { container, field: at } of placed) {
    const profile = container.securityContext?.appArmorProfile ?? whole?.appArmorProfile;
    const annotation = annotations[APP_ARMOR + container.name];
    errors.push(...agreesWithAnnotation(`${at}.securityContext.appArmorProfile`, "apparmor", annotation, profile));
  }
  return errors;
}

/** The field that an annotation stands for; none where it makes no sense. */
export function profileOf(annotation: string): { type: string; localhostProfile?: string } | undefined {
  if (NAMES[annotation]) return { type: NAMES[annotation] };
  const localhostProfile = annotation.startsWith("localhost/") ? annotation.slice("localhost/".length) : "";
  return localhostProfile ? { type: "Localhost", localhostProfile } : undefined;
}

const PROFILES = ["Localhost", "RuntimeDefault", "Unconfined"];
const NAMES: Readonly<Record<string, string>> = { unconfined: "Unconfined", "runtime/default": "RuntimeDefault" };

/** What an annotation says and what a field says has to be the same. `word`: seccomp or apparmor. */
function agreesWithAnnotation(
  path: string,
  word: string,
  annotation: string | undefined,
  profile: { type?: string; localhostProfile?: string } | undefined,
): FieldError[] {
  if (annotation === undefined || !profile?.type || !PROFILES.includes(profile.type)) return [];
  const differs = (member: string, what: string) => [
    forbidden(`${path}.${member}`, `${word} ${what} in annotation and field must match`),
  ];
  if (profile.type === "Localhost") {
    if (!annotation.startsWith("localhost/")) return differs("type", "type");
    return annotation.slice("localhost/".length) === profile.localhostProfile ? [] : differs("localhostProfile", "profile");
  }
  const said = word === "seccomp" && annotation === "docker/default" ? "RuntimeDefault" : NAMES[annotation];
  return said === profile.type ? [] : differs("type", "type");
}
