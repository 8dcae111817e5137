/**
 * Pods as they come.
 *
 * @source pkg/apis/core/validation/validation.go (ValidatePodCreate, validatePodMetadataAndSpec) v1.36
 */
import { forbidden, type FieldError } from "../../../apimachinery/field-error.ts";
import type { Pod, PodSpec } from "../../generated/core-v1.ts";
import { validateImageSpace } from "./containers.ts";
import { profilesAgree, validatePodAnnotations } from "./pod-annotations.ts";
import { validatePodSpec } from "./pod-spec.ts";

export function validatePod(pod: Pod): FieldError[] {
  const { metadata, spec } = pod;
  return [
    ...validatePodAnnotations("metadata.annotations", metadata.annotations, spec),
    ...validatePodSpec("spec", spec, { podName: metadata.name, isPod: true }),
    ...validateTokens(spec),
    ...(spec.containers ?? []).flatMap((c, i) => validateImageSpace(`spec.containers[${i}]`, c)),
    ...(spec.initContainers ?? []).flatMap((c, i) => validateImageSpace(`spec.initContainers[${i}]`, c)),
  ];
}

function validateTokens({ serviceAccountName, volumes = [] }: PodSpec): FieldError[] {
  if (serviceAccountName) return [];
  return volumes.flatMap(({ projected }, i) =>
    (projected?.sources ?? []).flatMap(({ serviceAccountToken }, k) =>
      serviceAccountToken
        ? [
            forbidden(
              `spec.volumes[${i}].projected.sources[${k}].serviceAccountToken`,
              "must not be specified when serviceAccountName is not set",
            ),
          ]
        : [],
    ),
  );
}

export function validateNewPod(pod: Pod): FieldError[] {
  const { ephemeralContainers, nodeName, schedulingGates } = pod.spec;
  const errors = validatePod(pod);
  if (ephemeralContainers?.length) errors.push(forbidden("spec.ephemeralContainers", "cannot be set on create"));
  if (nodeName && schedulingGates?.length)
    errors.push(forbidden("spec.nodeName", "cannot be set until all schedulingGates have been cleared"));
  return [...errors, ...profilesAgree("spec", pod.spec, pod.metadata.annotations)];
}
