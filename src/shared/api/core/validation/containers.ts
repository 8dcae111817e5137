/**
 * Containers of pods: those that run, those before them, and those for a look inside.
 *
 * @source pkg/apis/core/validation/validation.go (validateContainers, validateInitContainers, validateEphemeralContainers) v1.36
 */
import {
  duplicate,
  forbidden,
  invalidValue,
  notFoundValue,
  required,
  tooMany,
  type FieldError,
} from "../../../apimachinery/field-error.ts";
import { isDNS1123Label, isValidPortName, isValidPortNum } from "../../../apimachinery/validation.ts";
import type { Container, ContainerPort, EphemeralContainer, PodSpec } from "../../generated/core-v1.ts";
import { oneOf, says } from "./common.ts";
import { validateRequirements, validateResizePolicy } from "./container-resources.ts";
import { validateEnv, validateEnvFrom } from "./env.ts";
import { validateDevices, validateMounts, type Volumes } from "./mounts.ts";
import { validateSecurity, type Placed } from "./pod-security.ts";
import { PROTOCOLS } from "./ports.ts";
import { validateLifecycle, validateProbes } from "./probes.ts";
import { validatePullPolicy } from "./volumes.ts";

export interface Surroundings {
  spec: PodSpec;
  volumes: Volumes;
  claims: ReadonlySet<string>;
}

export function placedContainers(
  field: string,
  { containers = [], initContainers = [], ephemeralContainers = [] }: PodSpec,
): Placed[] {
  const place = (list: string, all: readonly (Container | EphemeralContainer)[]) =>
    all.map((container, i) => ({ field: `${field}.${list}[${i}]`, container: container as Container }));
  return [
    ...place("initContainers", initContainers),
    ...place("containers", containers),
    ...place("ephemeralContainers", ephemeralContainers),
  ];
}

const gracePeriodOf = ({ terminationGracePeriodSeconds = 30 }: PodSpec) => terminationGracePeriodSeconds;

export function validateContainers(field: string, around: Surroundings): FieldError[] {
  const containers = around.spec.containers ?? [];
  if (containers.length === 0) return [required(field)];
  const names = new Set<string>();
  const grace = gracePeriodOf(around.spec);
  const errors = containers.flatMap((container, i) => {
    const at = `${field}[${i}]`;
    const own = validateCommon(at, container, around);
    if (names.has(container.name)) own.push(duplicate(`${at}.name`, container.name));
    names.add(container.name);
    return [
      ...own,
      ...validateLifecycle(`${at}.lifecycle`, container, grace),
      ...validateProbes(at, container, grace),
      ...validateRestarts(at, container),
    ];
  });
  return [...errors, ...validateHostPorts(field, containers)];
}

export function validateInitContainers(field: string, around: Surroundings): FieldError[] {
  const names = new Set((around.spec.containers ?? []).map(({ name }) => name));
  const grace = gracePeriodOf(around.spec);
  return (around.spec.initContainers ?? []).flatMap((container, i) => {
    const at = `${field}[${i}]`;
    const errors = [...validateCommon(at, container, around), ...validateRestarts(at, container)];
    if (names.has(container.name)) errors.push(duplicate(`${at}.name`, container.name));
    else if (container.name) names.add(container.name);
    errors.push(...validateHostPorts(field, [container]));
    if (container.restartPolicy === "Always")
      return [...errors, ...validateLifecycle(`${at}.lifecycle`, container, grace), ...validateProbes(at, container, grace)];
    const text = "may not be set for init containers without restartPolicy=Always";
    for (const member of ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] as const)
      if (container[member]) errors.push(forbidden(`${at}.${member}`, text));
    for (const [k, { restartPolicy }] of (container.resizePolicy ?? []).entries()) {
      const why = "must not be set to 'RestartContainer' for non-sidecar initContainers";
      if (restartPolicy === "RestartContainer")
        errors.push(invalidValue(`${at}.resizePolicy[${k}].restartPolicy`, restartPolicy, why));
    }
    return errors;
  });
}

/** In the order that Go has the fields in. */
const NOT_EPHEMERAL = [
  "ports",
  "resources",
  "resizePolicy",
  "restartPolicy",
  "restartPolicyRules",
  "livenessProbe",
  "readinessProbe",
  "startupProbe",
  "lifecycle",
] as const;

export function validateEphemeralContainers(field: string, around: Surroundings): FieldError[] {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = around.spec;
  const others = new Set([...containers, ...initContainers].map(({ name }) => name));
  const names = new Set(others);
  const text = "cannot be set for an Ephemeral Container";
  return ephemeralContainers.flatMap((ephemeral, i) => {
    const at = `${field}[${i}]`;
    const container = ephemeral as Container;
    const errors = [...validateCommon(at, container, around), ...validateImageSpace(at, container)];
    if (names.has(ephemeral.name)) errors.push(duplicate(`${at}.name`, ephemeral.name));
    names.add(ephemeral.name);
    const target = ephemeral.targetContainerName;
    if (target && !others.has(target)) errors.push(notFoundValue(`${at}.targetContainerName`, target));
    for (const member of NOT_EPHEMERAL) {
      const value: unknown = container[member];
      if (member === "resources" ? Object.keys(value ?? {}).length > 0 : value !== undefined)
        errors.push(forbidden(`${at}.${member}`, text));
    }
    for (const [k, { subPath, subPathExpr }] of (ephemeral.volumeMounts ?? []).entries()) {
      if (subPath) errors.push(forbidden(`${at}.volumeMounts[${k}].subPath`, text));
      if (subPathExpr) errors.push(forbidden(`${at}.volumeMounts[${k}].subPathExpr`, text));
    }
    return errors;
  });
}

export const validateImageSpace = (field: string, { image = "" }: Container): FieldError[] =>
  image === image.trim() ? [] : [invalidValue(`${field}.image`, image, "must not have leading or trailing whitespace")];

function validateCommon(field: string, container: Container, { spec, volumes, claims }: Surroundings): FieldError[] {
  const { name, image, terminationMessagePolicy: policy, imagePullPolicy = "", resources, securityContext } = container;
  return [
    ...(name ? says(`${field}.name`, name, isDNS1123Label(name)) : [required(`${field}.name`)]),
    ...(image ? [] : [required(`${field}.image`)]),
    ...(policy
      ? oneOf(`${field}.terminationMessagePolicy`, policy, ["File", "FallbackToLogsOnError"], "given")
      : [required(`${field}.terminationMessagePolicy`)]),
    ...validatePorts(`${field}.ports`, container.ports),
    ...validateEnv(`${field}.env`, container.env),
    ...validateEnvFrom(`${field}.envFrom`, container.envFrom),
    ...validateMounts(`${field}.volumeMounts`, container, volumes),
    ...validateDevices(`${field}.volumeDevices`, container, volumes),
    ...validatePullPolicy(`${field}.imagePullPolicy`, imagePullPolicy),
    ...validateRequirements(`${field}.resources`, resources, claims),
    ...validateResizePolicy(`${field}.resizePolicy`, container, spec.restartPolicy ?? ""),
    ...validateSecurity(`${field}.securityContext`, securityContext, spec.hostUsers !== false),
  ];
}

function validatePorts(field: string, ports: readonly ContainerPort[] = []): FieldError[] {
  const names = new Set<string>();
  return ports.flatMap(({ name, containerPort, hostPort, protocol }, i) => {
    const at = `${field}[${i}]`;
    const errors = name ? says(`${at}.name`, name, isValidPortName(name)) : [];
    if (name && errors.length === 0) {
      if (names.has(name)) errors.push(duplicate(`${at}.name`, name));
      names.add(name);
    }
    const where = `${at}.containerPort`;
    errors.push(...(containerPort ? says(where, containerPort, isValidPortNum(containerPort)) : [required(where)]));
    if (hostPort) errors.push(...says(`${at}.hostPort`, hostPort, isValidPortNum(hostPort)));
    return [...errors, ...(protocol ? oneOf(`${at}.protocol`, protocol, PROTOCOLS) : [required(`${at}.protocol`)])];
  });
}

function validateHostPorts(field: string, containers: readonly Container[]): FieldError[] {
  const seen = new Set<string>();
  return containers.flatMap(({ ports = [] }, i) =>
    ports.flatMap(({ protocol, hostIP = "", hostPort }, k) => {
      if (!hostPort) return [];
      const shown = `${protocol}/${hostIP}/${hostPort}`;
      const errors = seen.has(shown) ? [duplicate(`${field}[${i}].ports[${k}].hostPort`, shown)] : [];
      seen.add(shown);
      return errors;
    }),
  );
}

const RESTARTS = ["Always", "Never", "OnFailure"];
const ACTIONS = ["Restart", "RestartAllContainers"];
const MAX_RULES = 20;
const MAX_CODES = 255;

function validateRestarts(field: string, { restartPolicy: policy, restartPolicyRules: rules = [] }: Container): FieldError[] {
  const errors: FieldError[] = [];
  const at = `${field}.restartPolicy`;
  if (policy !== undefined) errors.push(...oneOf(at, policy, RESTARTS));
  else if (rules.length > 0) errors.push(required(at, "must specify restartPolicy when restart rules are used"));
  const list = `${field}.restartPolicyRules`;
  if (rules.length > MAX_RULES) errors.push(tooMany(list, rules.length, MAX_RULES));
  for (const [i, { action, exitCodes }] of rules.entries()) {
    errors.push(...oneOf(`${list}[${i}].action`, action ?? "", ACTIONS));
    const codes = `${list}[${i}].exitCodes`;
    if (!exitCodes) {
      errors.push(required(codes, "must be specified"));
      continue;
    }
    errors.push(...oneOf(`${codes}.operator`, exitCodes.operator ?? "", ["In", "NotIn"]));
    const count = exitCodes.values?.length ?? 0;
    if (count > MAX_CODES) errors.push(tooMany(`${codes}.values`, count, MAX_CODES));
  }
  return errors;
}
