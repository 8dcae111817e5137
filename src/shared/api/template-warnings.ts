/** Warnings of what makes pods: of its name, and of its template whenever that may have changed. */
import type { KubeObject } from "../apimachinery/meta.ts";
import { podWarnings } from "./core/validation/pod-warnings.ts";
import type { PodTemplateSpec } from "./generated/core-v1.ts";
import { nameWarnings } from "./name-warnings.ts";

/** The template is not looked at again where nothing but metadata or status changed. */
export const isSameGeneration = (object: KubeObject, old: KubeObject | undefined): boolean =>
  old !== undefined && object.metadata.generation === old.metadata.generation;

export function makerWarnings(
  object: KubeObject,
  old: KubeObject | undefined,
  template: PodTemplateSpec | undefined,
  path = "spec.template",
): string[] {
  const names = nameWarnings(object.metadata.name, old);
  return isSameGeneration(object, old) ? names : [...names, ...podWarnings(path, template)];
}
