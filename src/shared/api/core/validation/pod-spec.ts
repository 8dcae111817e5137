/**
 * What a pod must look like, alone or as a template.
 *
 * @source pkg/apis/core/validation/validation.go (ValidatePodSpec, ValidatePodTemplateSpec) v1.36
 */
import { duplicate, forbidden, invalidValue, required, tooLong, type FieldError } from "../../../apimachinery/field-error.ts";
import {
  isDNS1123Label,
  isDNS1123Subdomain,
  isDNS1123SubdomainWithUnderscore,
  isInRange,
  isQualifiedName,
  validateAnnotations,
  validateLabels,
} from "../../../apimachinery/validation.ts";
import { validateLegacyIp } from "../../../apimachinery/validation-ip.ts";
import type { PodResourceClaim, PodSpec, PodTemplateSpec } from "../../generated/core-v1.ts";
import { validateAffinity, validateSchedulingGates, validateSpread, validateTolerations } from "./affinity.ts";
import { oneOf, says } from "./common.ts";
import { validatePodResources, validateRequirements } from "./container-resources.ts";
import { placedContainers, validateContainers, validateEphemeralContainers, validateInitContainers } from "./containers.ts";
import { profilesAgree, validatePodAnnotations } from "./pod-annotations.ts";
import { validateHostProcess, validateOs, validatePodSecurity } from "./pod-security.ts";
import { validateVolumes, type PodPlace } from "./volumes.ts";

const MAX_INT32 = 2 ** 31 - 1;
const RESTART_POLICIES = ["Always", "OnFailure", "Never"];
const DNS_POLICIES = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
const MAX_HOSTNAME = 64;

export function validatePodSpec(field: string, spec: PodSpec, place: PodPlace): FieldError[] {
  const volumes = validateVolumes(`${field}.volumes`, spec.volumes, place);
  const claims = new Set((spec.resourceClaims ?? []).map(({ name }) => name).filter(Boolean));
  const around = { spec, volumes: volumes.known, claims };
  const placed = placedContainers(field, spec);
  const { restartPolicy = "", dnsPolicy = "" } = spec;
  return [
    ...(spec.terminationGracePeriodSeconds === undefined ? [required(`${field}.terminationGracePeriodSeconds`)] : []),
    ...volumes.errors,
    ...validateResourceClaims(`${field}.resourceClaims`, spec.resourceClaims),
    ...validateContainers(`${field}.containers`, around),
    ...validateInitContainers(`${field}.initContainers`, around),
    ...validateEphemeralContainers(`${field}.ephemeralContainers`, around),
    ...validatePodResources(`${field}.resources`, spec, claims),
    ...validateHostPorts(field, spec, place),
    ...(restartPolicy
      ? oneOf(`${field}.restartPolicy`, restartPolicy, RESTART_POLICIES, "given")
      : [required(`${field}.restartPolicy`)]),
    ...(dnsPolicy ? oneOf(`${field}.dnsPolicy`, dnsPolicy, DNS_POLICIES, "given") : [required(`${field}.dnsPolicy`)]),
    ...validateLabels(`${field}.nodeSelector`, spec.nodeSelector),
    ...validatePodSecurity(`${field}.securityContext`, spec),
    ...validateAffinity(`${field}.affinity`, spec.affinity),
    ...validateDns(`${field}.dnsConfig`, spec),
    ...(spec.readinessGates ?? []).flatMap(({ conditionType: type }, i) =>
      says(`${field}.readinessGates[${i}].conditionType`, type, isQualifiedName(type)),
    ),
    ...validateSchedulingGates(`${field}.schedulingGates`, spec.schedulingGates),
    ...validateSpread(`${field}.topologySpreadConstraints`, spec.topologySpreadConstraints),
    ...validateHostProcess(field, spec, placed),
    ...validateHostUsers(field, spec),
    ...validateNames(field, spec),
    ...validateTolerations(`${field}.tolerations`, spec.tolerations),
    ...(spec.hostAliases ?? []).flatMap(({ ip, hostnames = [] }, i) => [
      ...validateLegacyIp(`${field}.hostAliases[${i}].ip`, ip),
      ...hostnames.flatMap((name, k) => says(`${field}.hostAliases[${i}].hostnames[${k}]`, name, isDNS1123Subdomain(name))),
    ]),
    ...named(`${field}.priorityClassName`, spec.priorityClassName, isDNS1123Subdomain),
    ...(spec.runtimeClassName === undefined
      ? []
      : says(`${field}.runtimeClassName`, spec.runtimeClassName, isDNS1123Subdomain(spec.runtimeClassName))),
    ...validatePreemption(`${field}.preemptionPolicy`, spec.preemptionPolicy),
    ...(spec.overhead ? validateRequirements(`${field}.overhead`, { limits: spec.overhead }, new Set()) : []),
    ...validateOs(field, spec, placed),
    ...validateFileVolumes(field, spec),
  ];
}

function named(field: string, name: string | undefined, judge: (name: string) => string[]): FieldError[] {
  return name ? says(field, name, judge(name)) : [];
}

function validatePreemption(field: string, policy: string | undefined): FieldError[] {
  if (policy === undefined) return [];
  return policy ? oneOf(field, policy, ["PreemptLowerPriority", "Never"], "given") : [required(field)];
}

function validateNames(field: string, spec: PodSpec): FieldError[] {
  const deadline = spec.activeDeadlineSeconds;
  return [
    ...validateHostnameOverride(`${field}.hostnameOverride`, spec),
    ...named(`${field}.serviceAccountName`, spec.serviceAccountName, isDNS1123Subdomain),
    ...named(`${field}.nodeName`, spec.nodeName, isDNS1123Subdomain),
    ...(deadline === undefined ? [] : says(`${field}.activeDeadlineSeconds`, deadline, isInRange(deadline, 1, MAX_INT32))),
    ...named(`${field}.hostname`, spec.hostname, isDNS1123Label),
    ...named(`${field}.subdomain`, spec.subdomain, isDNS1123Label),
  ];
}

function validateHostnameOverride(field: string, spec: PodSpec): FieldError[] {
  const name = spec.hostnameOverride;
  if (name === undefined) return [];
  const errors: FieldError[] = [];
  if (spec.setHostnameAsFQDN) errors.push(forbidden(field, "may not be specified when setHostnameAsFQDN is true"));
  if (spec.hostNetwork) errors.push(forbidden(field, "may not be specified when hostNetwork is true"));
  if (name.length > MAX_HOSTNAME) errors.push(tooLong(field, MAX_HOSTNAME));
  return [...errors, ...says(field, name, isDNS1123Subdomain(name))];
}

function validateHostPorts(field: string, { hostNetwork, containers = [] }: PodSpec, { isPod }: PodPlace): FieldError[] {
  if (!hostNetwork) return [];
  return containers.flatMap(({ ports = [] }, i) =>
    ports.flatMap(({ hostPort = 0, containerPort }, k) => {
      if ((!isPod && hostPort === 0) || hostPort === containerPort) return [];
      const at = `${field}.containers[${i}].ports[${k}].hostPort`;
      return [invalidValue(at, hostPort, "must match `containerPort` when `hostNetwork` is true")];
    }),
  );
}

function validateHostUsers(field: string, spec: PodSpec): FieldError[] {
  if (spec.hostUsers !== false) return [];
  const text = "when `hostUsers` is false";
  const errors: FieldError[] = [];
  if (spec.hostNetwork) errors.push(forbidden(`${field}.hostNetwork`, text));
  if (spec.hostPID) errors.push(forbidden(`${field}.HostPID`, text));
  if (spec.hostIPC) errors.push(forbidden(`${field}.HostIPC`, text));
  for (const { field: at, container } of placedContainers(field, spec))
    if (container.volumeDevices?.length) errors.push(forbidden(`${at}.volumeDevices`, text));
  return errors;
}

const MAX_DNS = { nameservers: 3, searches: 32, characters: 2048 };

function validateDns(field: string, { dnsConfig, dnsPolicy }: PodSpec): FieldError[] {
  const { nameservers = [], searches = [], options = [] } = dnsConfig ?? {};
  const at = { servers: `${field}.nameservers`, searches: `${field}.searches` };
  if (dnsPolicy === "None") {
    if (!dnsConfig) return [required(field, "must provide `dnsConfig` when `dnsPolicy` is None")];
    if (nameservers.length === 0)
      return [required(at.servers, "must provide at least one DNS nameserver when `dnsPolicy` is None")];
  }
  const errors: FieldError[] = [];
  if (nameservers.length > MAX_DNS.nameservers)
    errors.push(invalidValue(at.servers, nameservers, `must not have more than ${MAX_DNS.nameservers} nameservers`));
  errors.push(...nameservers.flatMap((ip, i) => validateLegacyIp(`${at.servers}[${i}]`, ip)));
  if (searches.length > MAX_DNS.searches)
    errors.push(invalidValue(at.searches, searches, `must not have more than ${MAX_DNS.searches} search paths`));
  const tooWide = `must not have more than ${MAX_DNS.characters} characters (including spaces) in the search list`;
  if (searches.join(" ").length > MAX_DNS.characters) errors.push(invalidValue(at.searches, searches, tooWide));
  for (const [i, search] of searches.entries()) {
    const name = search.replace(/\.$/, "");
    if (search !== ".") errors.push(...says(`${at.searches}[${i}]`, name, isDNS1123SubdomainWithUnderscore(name)));
  }
  for (const [i, { name }] of options.entries()) if (!name) errors.push(required(`${field}.options[${i}]`, "must not be empty"));
  return errors;
}

function validateResourceClaims(field: string, claims: readonly PodResourceClaim[] = []): FieldError[] {
  const names = new Set<string>();
  return claims.flatMap(({ name, resourceClaimName: claim, resourceClaimTemplateName: template }, i) => {
    const at = `${field}[${i}]`;
    const errors: FieldError[] = [];
    if (!name) errors.push(required(`${at}.name`));
    else if (names.has(name)) errors.push(duplicate(`${at}.name`, name));
    else errors.push(...says(`${at}.name`, name, isDNS1123Label(name)));
    names.add(name);
    const shown = { Name: name, ResourceClaimName: claim ?? null, ResourceClaimTemplateName: template ?? null };
    if (claim !== undefined && template !== undefined)
      errors.push(invalidValue(at, shown, "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified"));
    if (claim === undefined && template === undefined)
      errors.push(invalidValue(at, shown, "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"));
    return [
      ...errors,
      ...named(`${at}.resourceClaimName`, claim, isDNS1123Subdomain),
      ...named(`${at}.resourceClaimTemplateName`, template, isDNS1123Subdomain),
    ];
  });
}

/** Files that variables come from are in volumes that live as long as the pod. */
function validateFileVolumes(field: string, spec: PodSpec): FieldError[] {
  const emptyDirs = new Set((spec.volumes ?? []).filter((volume) => volume.emptyDir).map(({ name }) => name));
  return placedContainers(field, spec).flatMap(({ field: at, container }) =>
    (container.env ?? []).flatMap(({ valueFrom }, i) => {
      if (!valueFrom?.fileKeyRef) return [];
      const name: string = valueFrom.fileKeyRef.volumeName ?? "";
      if (emptyDirs.has(name)) return [];
      const where = `${at}.env[${i}].valueFrom.fileKeyRef.volumeName`;
      const isKnown = spec.volumes?.some((volume) => volume.name === name);
      return isKnown
        ? [invalidValue(where, name, "referenced volume must be of type emptyDir")]
        : [{ type: "FieldValueNotFound", field: where, message: `Not found: ${JSON.stringify(name)}` } satisfies FieldError];
    }),
  );
}

export function validatePodTemplate(field: string, template: PodTemplateSpec | undefined): FieldError[] {
  const { metadata, spec = {} } = template ?? {};
  return [
    ...validateLabels(`${field}.labels`, metadata?.labels),
    ...validateAnnotations(`${field}.annotations`, metadata?.annotations),
    ...validatePodAnnotations(`${field}.annotations`, metadata?.annotations, spec as PodSpec),
    ...validatePodSpec(`${field}.spec`, spec as PodSpec, { isPod: false }),
    ...profilesAgree(`${field}.spec`, spec as PodSpec, metadata?.annotations),
    ...(spec.ephemeralContainers?.length
      ? [forbidden(`${field}.spec.ephemeralContainers`, "ephemeral containers not allowed in pod template")]
      : []),
  ];
}
