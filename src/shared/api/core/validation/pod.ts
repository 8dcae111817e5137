/**
 * Pods: as they come, and what may change of them afterwards.
 *
 * @source pkg/apis/core/validation/validation.go (ValidatePodCreate, ValidatePodUpdate, ValidatePodStatusUpdate) v1.36
 */
import { forbidden, invalidValue, required, type FieldError } from "../../../apimachinery/field-error.ts";
import { deepEqual } from "../../../apimachinery/patch/json.ts";
import { isDNS1123Subdomain, isInRange } from "../../../apimachinery/validation.ts";
import { validateLegacyIp } from "../../../apimachinery/validation-ip.ts";
import type { Container, ContainerStatus, Pod, PodSpec, Toleration } from "../../generated/core-v1.ts";
import { says } from "./common.ts";
import { validateImageSpace } from "./containers.ts";
import { validatePodSpec } from "./pod-spec.ts";

const MAX_INT32 = 2 ** 31 - 1;
const MIRROR = "kubernetes.io/config.mirror";
const DELETION_COST = "controller.kubernetes.io/pod-deletion-cost";

export function validatePod(pod: Pod): FieldError[] {
  const { metadata, spec } = pod;
  return [
    ...validateAnnotations(pod),
    ...validatePodSpec("spec", spec, { podName: metadata.name, isPod: true }),
    ...validateTokens(spec),
    ...(spec.containers ?? []).flatMap((c, i) => validateImageSpace(`spec.containers[${i}]`, c)),
    ...(spec.initContainers ?? []).flatMap((c, i) => validateImageSpace(`spec.initContainers[${i}]`, c)),
  ];
}

function validateAnnotations({ metadata: { annotations = {} }, spec }: Pod): FieldError[] {
  const at = (key: string) => `metadata.annotations[${key}]`;
  const errors: FieldError[] = [];
  if (annotations[MIRROR] !== undefined && !spec.nodeName)
    errors.push(invalidValue(at(MIRROR), annotations[MIRROR], "must set spec.nodeName if mirror pod annotation is set"));
  const cost = annotations[DELETION_COST];
  const isInteger = cost === undefined || (/^(0|-?[1-9]\d*)$/.test(cost) && Math.abs(Number(cost)) <= MAX_INT32);
  return isInteger ? errors : [...errors, invalidValue(at(DELETION_COST), cost, "must be a 32bit integer")];
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
  return errors;
}

const CHANGEABLE = [
  "`spec.containers[*].image`",
  "`spec.initContainers[*].image`",
  "`spec.activeDeadlineSeconds`",
  "`spec.tolerations` (only additions to existing tolerations)",
  "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
];

export function validatePodChange({ spec }: Pod, { spec: old }: Pod): FieldError[] {
  const errors: FieldError[] = [];
  for (const list of ["containers", "initContainers"] as const) {
    const [now = [], was = []] = [spec[list], old[list]];
    if (now.length !== was.length) return [...errors, forbidden(`spec.${list}`, "pod updates may not add or remove containers")];
    errors.push(...now.flatMap((container, i) => validateImage(`spec.${list}[${i}]`, container)));
  }
  const deadline = validateDeadline(spec.activeDeadlineSeconds, old.activeDeadlineSeconds);
  errors.push(...deadline);
  if (deadline.length > 0 && spec.activeDeadlineSeconds !== undefined) return errors;
  errors.push(...validateAddedTolerations(spec.tolerations, old.tolerations), ...validateGates(spec, old));
  if (deepEqual(withoutChangeable(spec, old), old)) return errors;
  return [...errors, forbidden("spec", `pod updates may not change fields other than ${CHANGEABLE.join(",")}\n`)];
}

function validateImage(field: string, container: Container): FieldError[] {
  return [...(container.image ? [] : [required(`${field}.image`)]), ...validateImageSpace(field, container)];
}

function validateDeadline(now: number | undefined, was: number | undefined): FieldError[] {
  const field = "spec.activeDeadlineSeconds";
  if (now === undefined)
    return was === undefined ? [] : [invalidValue(field, null, "must not update from a positive integer to nil value")];
  const range = isInRange(now, 0, MAX_INT32);
  if (range.length > 0) return says(field, now, range);
  return was !== undefined && was < now ? [invalidValue(field, now, "must be less than or equal to previous value")] : [];
}

function validateAddedTolerations(now: readonly Toleration[] = [], was: readonly Toleration[] = []): FieldError[] {
  const bare = (toleration: Toleration) => ({ ...toleration, tolerationSeconds: 0 });
  const isKept = was.every((old) => now.some((one) => deepEqual(bare(old), bare(one))));
  return isKept ? [] : [forbidden("spec.tolerations", "existing toleration can not be modified except its tolerationSeconds")];
}

function validateGates({ schedulingGates: now = [] }: PodSpec, { schedulingGates: was = [] }: PodSpec): FieldError[] {
  const known = new Set(was.map(({ name }) => name));
  return now.flatMap(({ name }, i) =>
    known.has(name)
      ? []
      : [forbidden(`spec.schedulingGates[${i}].name`, `only deletion is allowed, but found new scheduling gate '${name}'`)],
  );
}

/** The new state with all put back that may change. */
function withoutChangeable(spec: PodSpec, old: PodSpec): PodSpec {
  const back = { ...spec };
  for (const list of ["containers", "initContainers"] as const)
    if (spec[list]) back[list] = spec[list].map((container, i) => ({ ...container, image: old[list]?.[i]?.image }) as Container);
  const gated = (old.schedulingGates?.length ?? 0) > 0;
  const restored = ["activeDeadlineSeconds", "schedulingGates", "tolerations", ...(gated ? ["nodeSelector", "affinity"] : [])];
  const copy = back as unknown as Record<string, unknown>;
  for (const name of restored) {
    const value = (old as unknown as Record<string, unknown>)[name];
    if (value === undefined) delete copy[name];
    else copy[name] = value;
  }
  const grace = old.terminationGracePeriodSeconds ?? 0;
  if (grace < 0 && spec.terminationGracePeriodSeconds === 1) back.terminationGracePeriodSeconds = grace;
  return back;
}

export function validateEphemeralChange({ spec }: Pod, { metadata, spec: old }: Pod): FieldError[] {
  if (metadata.annotations?.[MIRROR] !== undefined) return [forbidden("", "static pods do not support ephemeral containers")];
  const field = "spec.ephemeralContainers";
  return (old.ephemeralContainers ?? []).flatMap((was) => {
    const now = spec.ephemeralContainers?.find(({ name }) => name === was.name);
    const shown = JSON.stringify(was.name);
    if (!now) return [forbidden(field, `existing ephemeral containers ${shown} may not be removed\n`)];
    return deepEqual(now, was) ? [] : [forbidden(field, `existing ephemeral containers ${shown} may not be changed\n`)];
  });
}

export function validatePodStatus({ status }: Pod, old: Pod): FieldError[] {
  const errors: FieldError[] = [];
  const { nominatedNodeName: nominated = "", observedGeneration = 0, podIPs = [], hostIPs = [] } = status;
  if (nominated && nominated !== (old.status.nominatedNodeName ?? ""))
    errors.push(...says("status.nominatedNodeName", nominated, isDNS1123Subdomain(nominated)));
  if (observedGeneration < 0)
    errors.push(invalidValue("status.observedGeneration", observedGeneration, "must be a non-negative integer"));
  if (status.qosClass !== old.status.qosClass)
    errors.push(invalidValue("status.qosClass", status.qosClass ?? "", "field is immutable"));
  errors.push(
    ...validateTransitions("status.containerStatuses", status.containerStatuses, old.status.containerStatuses, old.spec),
    ...podIPs.flatMap(({ ip = "" }, i) => (known(old.status.podIPs, ip) ? [] : validateLegacyIp(`status.podIPs[${i}]`, ip))),
    ...hostIPs.flatMap(({ ip = "" }, i) => (known(old.status.hostIPs, ip) ? [] : validateLegacyIp(`status.hostIPs[${i}]`, ip))),
  );
  return errors;
}

const known = (list: readonly { ip?: string }[] | undefined, ip: string) => list?.some((one) => one.ip === ip) ?? false;

/** A container that ended stays ended, where nothing starts it again. */
function validateTransitions(
  field: string,
  now: readonly ContainerStatus[] = [],
  was: readonly ContainerStatus[] = [],
  { restartPolicy, containers = [] }: PodSpec,
): FieldError[] {
  if (restartPolicy === "Always") return [];
  return was.flatMap((old) => {
    const ended = old.state?.terminated;
    if (!ended || (ended.exitCode !== 0 && restartPolicy === "OnFailure")) return [];
    const own = containers.find(({ name }) => name === old.name);
    if (own?.restartPolicy !== undefined || own?.restartPolicyRules?.length) return [];
    const i = now.findIndex(({ name }) => name === old.name);
    if (i < 0 || now[i]!.state?.terminated) return [];
    return [forbidden(`${field}[${i}].state`, "may not be transitioned to non-terminated state")];
  });
}
