/**
 * What a status may say, and what it may not take back.
 *
 * @source pkg/apis/core/validation/validation.go ValidatePodStatusUpdate v1.36
 */
import {
  duplicate,
  forbidden,
  invalidValue,
  notSupported,
  required,
  tooLong,
  type FieldError,
} from "../../../apimachinery/field-error.ts";
import { isDNS1123Subdomain, isQualifiedName, isValidGroupId, isValidUserId } from "../../../apimachinery/validation.ts";
import { isIPv6String, validateLegacyIp, warningsForIp } from "../../../apimachinery/validation-ip.ts";
import type { Container, ContainerStatus, Pod, PodSpec } from "../../generated/core-v1.ts";
import { says } from "./common.ts";
import { validateAnnotationUpdates } from "./pod-update.ts";

export function validatePodStatus(pod: Pod, old: Pod): FieldError[] {
  const { status } = pod;
  const errors = [...validateAnnotationUpdates(pod, old), ...validateConditions(pod)];
  errors.push(...validateNomination(pod, old));
  const observed = status.observedGeneration ?? 0;
  if (observed < 0) errors.push(invalidValue("status.observedGeneration", observed, WHOLE));
  if (status.qosClass !== old.status.qosClass)
    errors.push(invalidValue("status.qosClass", status.qosClass ?? "", "field is immutable"));
  errors.push(
    ...validateTransitions("containerStatuses", pod, old, old.spec.containers),
    ...validateTransitions("initContainerStatuses", pod, old, old.spec.initContainers),
    ...validateTransitions("ephemeralContainerStatuses", pod, old, undefined),
    ...validateClaims(pod),
    ...validateIps("podIPs", pod, old),
    ...validateHostIps(pod, old),
  );
  for (const list of LISTS) errors.push(...validateUsers(`status.${list}`, status[list], pod.spec.os?.name ?? "linux"));
  errors.push(...validateHealth("status.containerStatuses", status.containerStatuses, pod.spec.containers));
  errors.push(...validateHealth("status.initContainerStatuses", status.initContainerStatuses, pod.spec.initContainers));
  for (const [i, { allocatedResourcesStatus }] of (status.ephemeralContainerStatuses ?? []).entries()) {
    const at = `status.ephemeralContainerStatuses[${i}].allocatedResourcesStatus`;
    if (allocatedResourcesStatus?.length) errors.push(forbidden(at, "must not be specified in container status"));
  }
  return errors;
}

const WHOLE = "must be a non-negative integer";
const LISTS = ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"] as const;
const SYSTEM_CONDITIONS = ["PodScheduled", "Ready", "Initialized"];

function validateConditions({ status }: Pod): FieldError[] {
  const errors: FieldError[] = [];
  for (const [i, { type = "", observedGeneration = 0 }] of (status.conditions ?? []).entries()) {
    const at = `status.conditions[${i}]`;
    if (observedGeneration < 0) errors.push(invalidValue(`${at}.observedGeneration`, observedGeneration, WHOLE));
    if (!SYSTEM_CONDITIONS.includes(type)) errors.push(...says(`${at}.Type`, type, isQualifiedName(type)));
  }
  return errors;
}

function validateNomination(pod: Pod, old: Pod): FieldError[] {
  const name = pod.status.nominatedNodeName;
  if (!name || name === old.status.nominatedNodeName) return [];
  const at = "status.nominatedNodeName";
  const errors = says(at, name, isDNS1123Subdomain(name));
  if (old.spec.nodeName) errors.push(forbidden(at, "may not be set on pods that are already bound to a node"));
  return errors;
}

/** What has ended runs again only where a restart policy says so. */
function validateTransitions(
  list: (typeof LISTS)[number],
  pod: Pod,
  old: Pod,
  containers: readonly Container[] | undefined,
): FieldError[] {
  const before = old.status[list] ?? [];
  if (!before.length) return [];
  const ephemeral = list === "ephemeralContainerStatuses";
  if (!ephemeral && couldAllRestart(old.spec)) return [];
  return before.flatMap(({ name, state }, i) => {
    const ended = state?.terminated;
    if (!ended) return [];
    const now = pod.status[list]?.find((one) => one.name === name);
    if (!now || now.state?.terminated) return [];
    const container = containers?.find((one) => one.name === name);
    if (container && mayRestart(container, old.spec, ended.exitCode ?? 0)) return [];
    return [forbidden(`status.${list}[${i}].state`, "may not be transitioned to non-terminated state")];
  });
}

const couldAllRestart = (spec: PodSpec): boolean =>
  [...(spec.containers ?? []), ...(spec.initContainers ?? [])].some((container) =>
    container.restartPolicyRules?.some(({ action }) => action === "RestartAllContainers"),
  );

function mayRestart(container: Container, spec: PodSpec, exitCode: number): boolean {
  const rules = container.restartPolicy === undefined ? [] : (container.restartPolicyRules ?? []);
  for (const { action, exitCodes } of rules) {
    const listed = exitCodes?.values?.includes(exitCode) ?? false;
    if (exitCodes && action === "Restart" && listed === (exitCodes.operator === "In")) return true;
  }
  const policy = container.restartPolicy ?? spec.restartPolicy;
  return policy === "Always" || (policy === "OnFailure" && exitCode !== 0);
}

function validateClaims({ spec, status }: Pod): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [i, { name, resourceClaimName: claim }] of (status.resourceClaimStatuses ?? []).entries()) {
    const at = `status.resourceClaimStatuses[${i}]`;
    if (!spec.resourceClaims?.some((one) => one.name === name))
      errors.push(invalidValue(`${at}.name`, name, "must match the name of an entry in `spec.resourceClaims`"));
    if (seen.has(name)) errors.push(duplicate(`${at}.name`, name));
    seen.add(name);
    if (claim !== undefined) errors.push(...says(`${at}.resourceClaimName`, claim, isDNS1123Subdomain(claim)));
  }
  return errors;
}

function validateIps(list: "podIPs" | "hostIPs", pod: Pod, old: Pod): FieldError[] {
  const ips = (pod.status[list] ?? []).map(({ ip }) => ip ?? "");
  const known = (old.status[list] ?? []).map(({ ip }) => ip ?? "");
  const at = `status.${list}`;
  const errors = ips.flatMap((ip, i) => validateLegacyIp(`${at}[${i}]`, ip, known));
  if (errors.length || ips.length < 2) return errors;
  const text = "may specify no more than one IP for each IP family";
  const dual = ips.length === 2 && isIPv6String(ips[0]!) !== isIPv6String(ips[1]!);
  const printed = ips.map((IP) => ({ IP }));
  return dual ? errors : [invalidValue(at, printed, text)];
}

function validateHostIps(pod: Pod, old: Pod): FieldError[] {
  const { hostIP = "", hostIPs } = pod.status;
  if (!hostIPs?.length) return [];
  const first = hostIPs[0]!.ip;
  const errors = first === hostIP ? [] : [invalidValue("status.hostIPs[0].ip", first, "must be equal to `hostIP`")];
  return [...errors, ...validateIps("hostIPs", pod, old)];
}

function validateUsers(path: string, statuses: readonly ContainerStatus[] = [], os: string): FieldError[] {
  return statuses.flatMap(({ user }, i) => {
    const linux = user?.linux;
    const at = `${path}[${i}].user.linux`;
    if (!linux) return [];
    if (os === "windows") return [forbidden(at, "cannot be set for a windows pod")];
    return [
      ...says(`${at}.uid`, linux.uid, isValidUserId(linux.uid ?? 0)),
      ...says(`${at}.gid`, linux.gid, isValidGroupId(linux.gid ?? 0)),
      ...(linux.supplementalGroups ?? []).flatMap((id, g) => says(`${at}.supplementalGroups[${g}]`, id, isValidGroupId(id))),
    ];
  });
}

const HEALTH = ["Healthy", "Unhealthy", "Unknown"];
const MESSAGE_MAX = 1024;

/** Health of devices: of resources and claims that the container asked for. */
function validateHealth(
  path: string,
  statuses: readonly ContainerStatus[] = [],
  containers: readonly Container[] = [],
): FieldError[] {
  const errors: FieldError[] = [];
  for (const [i, { name, allocatedResourcesStatus = [] }] of statuses.entries())
    for (const [j, { name: resource, resources = [] }] of allocatedResourcesStatus.entries()) {
      const at = `${path}[${i}].allocatedResourcesStatus[${j}]`;
      const container = containers.find((one) => one.name === name);
      if (container) errors.push(...validateAsked(`${at}.name`, resource, container));
      const seen = new Set<string>();
      for (const [k, { resourceID: id = "", health = "", message }] of resources.entries()) {
        const one = `${at}.resources[${k}]`;
        if (!HEALTH.includes(health)) errors.push(notSupported(`${one}.health`, health, HEALTH));
        if (message === "") errors.push(required(`${one}.message`, "must be non-empty if specified"));
        else if (message && message.length > MESSAGE_MAX) errors.push(tooLong(`${one}.message`, MESSAGE_MAX));
        if (seen.has(id)) errors.push(duplicate(`${one}.resourceID`, id));
        seen.add(id);
      }
    }
  return errors;
}

function validateAsked(path: string, resource: string, { resources }: Container): FieldError[] {
  if (!resource.startsWith("claim:"))
    return resources?.requests?.[resource] !== undefined
      ? []
      : [invalidValue(path, resource, "must match one of the container's resource requests")];
  const claims = (resources?.claims ?? []).map(({ name, request }) => `claim:${name}${request ? `/${request}` : ""}`);
  const text =
    "must match one of the container's resource claims in a format 'claim:<claimName>/<request>' or 'claim:<claimName>' if request is empty";
  return claims.includes(resource) ? [] : [invalidValue(path, resource, text)];
}

export const statusWarnings = ({ status }: Pod): string[] =>
  (["podIPs", "hostIPs"] as const).flatMap((list) =>
    (status[list] ?? []).flatMap(({ ip }, i) => warningsForIp(`status.${list}[${i}].ip`, ip ?? "")),
  );
