/**
 * What is told about a pod that is accepted: things that no longer work, that hide each other, that may not mean what was meant.
 *
 * @source pkg/api/pod/warnings.go v1.36
 */
import { quantityMilli } from "../../../apimachinery/quantity.ts";
import { warningsForIp } from "../../../apimachinery/validation-ip.ts";
import type { Container, ContainerPort, PodAffinityTerm, PodSpec, PodTemplateSpec, Volume } from "../../generated/core-v1.ts";
import { claimSpecWarnings } from "./claim.ts";
import { placedContainers } from "./containers.ts";
import { deprecatedNodeLabel, nodeSelectorTermWarnings } from "./node-selector.ts";
import { APP_ARMOR, profileOf, SECCOMP_CONTAINER, SECCOMP_POD } from "./pod-annotations.ts";
import { sameMeaning } from "./same-meaning.ts";
import { overlapWarnings } from "./volume-overlaps.ts";

type Annotations = Readonly<Record<string, string>>;

/** `path`: where the template stands, "" for a pod itself. */
export function podWarnings(path: string, template: Pick<PodTemplateSpec, "metadata" | "spec"> | undefined): string[] {
  const spec = template?.spec;
  if (!spec) return [];
  const annotations = template.metadata?.annotations ?? {};
  const at = path ? `${path}.` : "";
  return [
    ...placementWarnings(`${at}spec`, spec),
    ...annotationWarnings(`${at}metadata.annotations`, annotations),
    ...(spec.volumes ? volumeWarnings(`${at}spec.volumes`, spec.volumes) : []),
    ...repeatedWarnings(`${at}spec`, spec),
    ...fractionWarnings(`${at}spec.overhead`, spec.overhead),
    ...containerWarnings(at, spec, annotations),
    ...portWarnings(`${at}spec`, spec),
    ...graceWarnings(`${at}spec`, spec),
    ...affinityWarnings(`${at}spec.affinity`, spec),
    ...(spec.dnsConfig?.nameservers ?? []).flatMap((ip, i) => warningsForIp(`${at}spec.dnsConfig.nameservers[${i}]`, ip)),
    ...(spec.hostAliases ?? []).flatMap(({ ip }, i) => warningsForIp(`${at}spec.hostAliases[${i}].ip`, ip ?? "")),
  ];
}

const NO_PODS = "a null labelSelector results in matching no pod";

function placementWarnings(path: string, spec: PodSpec): string[] {
  const warnings: string[] = [];
  for (const key of Object.keys(spec.nodeSelector ?? {}).sort()) {
    const text = deprecatedNodeLabel(key);
    if (text) warnings.push(`${path}.nodeSelector[${key}]: ${text}`);
  }
  const node = spec.affinity?.nodeAffinity;
  const at = `${path}.affinity.nodeAffinity`;
  const required = `${at}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms`;
  for (const [i, term] of (node?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []).entries())
    warnings.push(...nodeSelectorTermWarnings(`${required}[${i}]`, term));
  const preferred = `${at}.preferredDuringSchedulingIgnoredDuringExecution`;
  for (const [i, { preference }] of (node?.preferredDuringSchedulingIgnoredDuringExecution ?? []).entries())
    warnings.push(...nodeSelectorTermWarnings(`${preferred}[${i}].preference`, preference, { checkValues: true }));
  for (const [i, { topologyKey, labelSelector }] of (spec.topologySpreadConstraints ?? []).entries()) {
    const where = `${path}.topologySpreadConstraints[${i}]`;
    const text = deprecatedNodeLabel(topologyKey);
    if (text) warnings.push(`${where}.topologyKey: ${topologyKey} is ${text}`);
    if (!labelSelector) warnings.push(`${where}.labelSelector: ${NO_PODS}`);
  }
  return warnings;
}

const GONE_ANNOTATIONS: Annotations = {
  "scheduler.alpha.kubernetes.io/critical-pod": 'non-functional in v1.16+; use the "priorityClassName" field instead',
  "security.alpha.kubernetes.io/sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
  "security.alpha.kubernetes.io/unsafe-sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
};

const annotationWarnings = (path: string, annotations: Annotations): string[] =>
  Object.entries(GONE_ANNOTATIONS).flatMap(([key, text]) => (key in annotations ? [`${path}[${key}]: ${text}`] : []));

const GONE_VOLUMES: readonly (readonly [source: keyof Volume, text: string, name?: string])[] = [
  ["photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"],
  ["gitRepo", "deprecated in v1.11, and disabled by default in v1.33+"],
  ["scaleIO", "deprecated in v1.16, non-functional in v1.22+"],
  ["flocker", "deprecated in v1.22, non-functional in v1.25+"],
  ["storageos", "deprecated in v1.22, non-functional in v1.25+", "storageOS"],
  ["quobyte", "deprecated in v1.22, non-functional in v1.25+"],
  ["glusterfs", "deprecated in v1.25, non-functional in v1.26+"],
  ["cephfs", "deprecated in v1.28, non-functional in v1.31+"],
  ["rbd", "deprecated in v1.28, non-functional in v1.31+"],
];

function volumeWarnings(path: string, volumes: readonly Volume[]): string[] {
  const warnings: string[] = [];
  for (const [i, volume] of volumes.entries()) {
    for (const [source, text, name = source] of GONE_VOLUMES) if (volume[source]) warnings.push(`${path}[${i}].${name}: ${text}`);
    const claim = volume.ephemeral?.volumeClaimTemplate;
    if (claim) warnings.push(...claimSpecWarnings(`${path}[${i}].ephemeral.volumeClaimTemplate.spec`, claim.spec));
  }
  return [...warnings, ...overlapWarnings(volumes)];
}

function repeatedWarnings(path: string, { hostAliases = [], imagePullSecrets = [] }: PodSpec): string[] {
  const repeated = (list: string, member: string, values: readonly string[]) =>
    values.flatMap((value, i) =>
      values.indexOf(value) < i ? [`${path}.${list}[${i}].${member}: duplicate ${member} ${JSON.stringify(value)}`] : [],
    );
  const names = imagePullSecrets.map(({ name = "" }) => name);
  return [
    ...repeated(
      "hostAliases",
      "ip",
      hostAliases.map(({ ip = "" }) => ip),
    ),
    ...repeated("imagePullSecrets", "name", names),
    ...names.flatMap((name, i) => (name ? [] : [`${path}.imagePullSecrets[${i}].name: invalid empty name ""`])),
  ];
}

/** Bytes are counted in whole ones. */
function fractionWarnings(path: string, list: Readonly<Record<string, string>> | undefined, names = BYTES): string[] {
  return names.flatMap((name) => {
    const amount = list?.[name];
    if (amount === undefined || quantityMilli(amount) % 1000 === 0) return [];
    return [`${path}[${name}]: fractional byte value "${amount}" is invalid, must be an integer`];
  });
}

const BYTES: readonly string[] = ["memory", "ephemeral-storage"];

function containerWarnings(at: string, spec: PodSpec, annotations: Annotations): string[] {
  const warnings: string[] = [];
  const seccomp = (key: string) =>
    warnings.push(`${at}metadata.annotations[${key}]: non-functional in v1.27+; use the "seccompProfile" field instead`);
  const whole = spec.securityContext;
  if (!whole?.seccompProfile && SECCOMP_POD in annotations) seccomp(SECCOMP_POD);
  for (const { container, field } of placedContainers(`${at}spec`, spec)) {
    const { securityContext: context, resources } = container;
    const key = SECCOMP_CONTAINER + container.name;
    if (!context?.seccompProfile && key in annotations) seccomp(key);
    const annotation = annotations[APP_ARMOR + container.name];
    // A pod itself gets the field from the annotation.
    if (at && annotation !== undefined && !context?.appArmorProfile) {
      const same = whole?.appArmorProfile && sameMeaning(whole.appArmorProfile, profileOf(annotation));
      if (!same) warnings.push(appArmorWarning(at, container.name));
    }
    for (const name of BYTES)
      for (const list of ["limits", "requests"] as const)
        warnings.push(...fractionWarnings(`${field}.resources.${list}`, resources?.[list], [name]));
    warnings.push(...hiddenWarnings(`${field}.env`, container));
  }
  return warnings;
}

export const appArmorWarning = (at: string, container: string): string =>
  `${at}metadata.annotations[${APP_ARMOR}${container}]: deprecated since v1.30; use the "appArmorProfile" field instead`;

/** A variable that is set twice, unless the second extends the first. */
function hiddenWarnings(path: string, { env = [] }: Container): string[] {
  const seen = new Set<string>();
  return env.flatMap(({ name, value = "", valueFrom }, i) => {
    if (!seen.has(name)) {
      seen.add(name);
      return [];
    }
    const before = `$(${name})`;
    if (!valueFrom && value !== before && value.includes(before)) return [];
    return [`${path}[${i}]: hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`];
  });
}

interface PlacedPort {
  port: ContainerPort;
  at: string;
}

function portWarnings(path: string, spec: PodSpec): string[] {
  const placed = placedContainers(path, spec).flatMap(({ container, field }) =>
    (container.ports ?? []).map((port, i): PlacedPort => ({ port, at: `${field}.ports[${i}]` })),
  );
  const warnings: string[] = [];
  for (const [i, { port, at }] of placed.entries()) {
    const { hostIP, hostPort = 0, containerPort, protocol, name = "" } = port;
    if (hostIP && !hostPort) {
      const printed = `{Name:${name} HostPort:${hostPort} ContainerPort:${containerPort} Protocol:${protocol} HostIP:${hostIP}}`;
      warnings.push(`${at}: hostIP set without hostPort: ${printed}`);
    }
    for (const other of placed.slice(0, i)) {
      if (other.port.containerPort !== containerPort || other.port.protocol !== protocol) continue;
      const word = collision(port, other.port);
      if (word) warnings.push(`${at}: ${word} port definition with ${other.at}`);
    }
  }
  const first = new Map<string, string>();
  for (const { port, at } of placed) {
    const other = port.name ? first.get(port.name) : undefined;
    if (other) {
      const use = `services and probes that select ports by name will use ${other}`;
      warnings.push(`${at}: duplicate port name ${JSON.stringify(port.name)} with ${other}, ${use}`);
    } else if (port.name) first.set(port.name, at);
  }
  return warnings;
}

function collision(a: ContainerPort, b: ContainerPort): string | undefined {
  const [ipA, ipB] = [a.hostIP ?? "", b.hostIP ?? ""];
  const [portA, portB] = [a.hostPort ?? 0, b.hostPort ?? 0];
  if (ipA === ipB && portA === portB) return "duplicate";
  if (!portA || !portB) return "overlapping";
  return portA === portB && !ipA !== !ipB ? "dangerously ambiguous" : undefined;
}

const graceWarnings = (path: string, { terminationGracePeriodSeconds: grace = 0 }: PodSpec): string[] =>
  grace < 0 ? [`${path}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`] : [];

function affinityWarnings(path: string, { affinity }: PodSpec): string[] {
  const warnings: string[] = [];
  const judge = (at: string, term: PodAffinityTerm) => {
    if (!term.labelSelector) warnings.push(`${at}.labelSelector: ${NO_PODS}`);
  };
  for (const kind of ["podAffinity", "podAntiAffinity"] as const) {
    const terms = affinity?.[kind];
    for (const [i, term] of (terms?.requiredDuringSchedulingIgnoredDuringExecution ?? []).entries())
      judge(`${path}.${kind}.requiredDuringSchedulingIgnoredDuringExecution[${i}]`, term);
    for (const [i, { podAffinityTerm }] of (terms?.preferredDuringSchedulingIgnoredDuringExecution ?? []).entries())
      judge(`${path}.${kind}.preferredDuringSchedulingIgnoredDuringExecution[${i}].podAffinityTerm`, podAffinityTerm);
  }
  return warnings;
}
