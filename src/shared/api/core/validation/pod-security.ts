/**
 * As whom the processes of a pod run, and what they may do.
 *
 * @source pkg/apis/core/validation/validation.go (validatePodSpecSecurityContext, ValidateSecurityContext, validateWindows) v1.36
 */
import { duplicate, forbidden, invalidValue, required, tooLong, type FieldError } from "../../../apimachinery/field-error.ts";
import { isDNS1123Subdomain, isValidGroupId, isValidUserId } from "../../../apimachinery/validation.ts";
import type {
  AppArmorProfile,
  Container,
  PodSecurityContext,
  PodSpec,
  SeccompProfile,
  SecurityContext,
  WindowsSecurityContextOptions,
} from "../../generated/core-v1.ts";
import { descendingPath, oneOf, says } from "./common.ts";

const PROFILES = ["Localhost", "RuntimeDefault", "Unconfined"];

export function validatePodSecurity(field: string, spec: PodSpec): FieldError[] {
  const context = spec.securityContext ?? {};
  const { fsGroup, runAsUser, runAsGroup, supplementalGroups = [] } = context;
  return [
    ...validateId(`${field}.fsGroup`, fsGroup, isValidGroupId),
    ...validateId(`${field}.runAsUser`, runAsUser, isValidUserId),
    ...validateId(`${field}.runAsGroup`, runAsGroup, isValidGroupId),
    ...supplementalGroups.flatMap((id, i) => validateId(`${field}.supplementalGroups[${i}]`, id, isValidGroupId)),
    ...(spec.shareProcessNamespace && spec.hostPID
      ? [invalidValue(`${field}.shareProcessNamespace`, true, "ShareProcessNamespace and HostPID cannot both be enabled")]
      : []),
    ...validateSysctls(`${field}.sysctls`, context, spec),
    ...given(`${field}.fsGroupChangePolicy`, context.fsGroupChangePolicy, ["Always", "OnRootMismatch"]),
    ...validateSeccomp(`${field}.seccompProfile`, context.seccompProfile),
    ...validateWindowsOptions(`${field}.windowsOptions`, context.windowsOptions),
    ...validateAppArmor(`${field}.appArmorProfile`, context.appArmorProfile),
    ...given(`${field}.supplementalGroupsPolicy`, context.supplementalGroupsPolicy, ["Merge", "Strict"]),
    ...given(`${field}.seLinuxChangePolicy`, context.seLinuxChangePolicy, ["Recursive"]),
  ];
}

function given(field: string, value: string | undefined, supported: readonly string[]): FieldError[] {
  return value === undefined ? [] : oneOf(field, value, supported);
}

function validateId(field: string, id: number | undefined, judge: (id: number) => string[]): FieldError[] {
  return id === undefined ? [] : says(field, id, judge(id));
}

const SYSCTL = /^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$/;
const SYSCTL_TEXT = String.raw`must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$`;
const MAX_SYSCTL = 253;
const IPC = /^(kernel\.(sem|shm|msg)|fs\.mqueue\.)/;

function validateSysctls(field: string, { sysctls = [] }: PodSecurityContext, spec: PodSpec): FieldError[] {
  const seen = new Set<string>();
  return sysctls.flatMap(({ name }, i) => {
    const at = `${field}[${i}].name`;
    const errors: FieldError[] = [];
    if (!name) errors.push(required(at));
    else if (name.length > MAX_SYSCTL || !SYSCTL.test(name)) errors.push(invalidValue(at, name, SYSCTL_TEXT));
    else if (seen.has(name)) errors.push(duplicate(at, name));
    seen.add(name);
    const plain = name.replaceAll("/", ".");
    if (spec.hostNetwork && plain.startsWith("net."))
      errors.push(invalidValue(at, name, "may not be specified when 'hostNetwork' is true"));
    else if (spec.hostIPC && IPC.test(plain)) errors.push(invalidValue(at, name, "may not be specified when 'hostIPC' is true"));
    return errors;
  });
}

function validateSeccomp(field: string, profile: SeccompProfile | undefined): FieldError[] {
  if (!profile) return [];
  const { type, localhostProfile: path } = profile;
  const at = `${field}.localhostProfile`;
  const errors = type
    ? oneOf(`${field}.type`, type, PROFILES)
    : [required(`${field}.type`, "type is required when seccompProfile is set")];
  if (type === "Localhost")
    errors.push(
      ...(path === undefined ? [required(at, "must be set when seccomp type is Localhost")] : descendingPath(at, path)),
    );
  else if (path !== undefined)
    errors.push(invalidValue(at, { Type: type, LocalhostProfile: path }, "can only be set when seccomp type is Localhost"));
  return errors;
}

const MAX_PATH = 4095;

function validateAppArmor(field: string, profile: AppArmorProfile | undefined): FieldError[] {
  if (!profile) return [];
  const { type, localhostProfile: path } = profile;
  const at = `${field}.localhostProfile`;
  if (!type) return [required(`${field}.type`, "type is required when appArmorProfile is set")];
  if (!PROFILES.includes(type)) return oneOf(`${field}.type`, type, PROFILES);
  if (type !== "Localhost")
    return path === undefined ? [] : [invalidValue(at, path, "can only be set when AppArmor type is Localhost")];
  const needed = required(at, "must be set when AppArmor type is Localhost");
  if (path === undefined) return [needed];
  const errors: FieldError[] = [];
  if (path !== path.trim()) errors.push(invalidValue(at, path, "must not be padded with whitespace"));
  else if (path === "") errors.push(needed);
  return path.length > MAX_PATH ? [...errors, tooLong(at, MAX_PATH)] : errors;
}

export function validateSecurity(field: string, context: SecurityContext | undefined, hostUsers: boolean): FieldError[] {
  if (!context) return [];
  const { runAsUser, runAsGroup, procMount } = context;
  const errors = [
    ...validateId(`${field}.runAsUser`, runAsUser, isValidUserId),
    ...validateId(`${field}.runAsGroup`, runAsGroup, isValidGroupId),
    ...given(`${field}.procMount`, procMount, ["Default", "Unmasked"]),
  ];
  if (hostUsers && procMount === "Unmasked")
    errors.push(invalidValue(`${field}.procMount`, procMount, "`hostUsers` must be false to use `Unmasked`"));
  return [
    ...errors,
    ...validateSeccomp(`${field}.seccompProfile`, context.seccompProfile),
    ...validateEscalation(field, context),
    ...validateWindowsOptions(`${field}.windowsOptions`, context.windowsOptions),
    ...validateAppArmor(`${field}.appArmorProfile`, context.appArmorProfile),
  ];
}

function validateEscalation(field: string, context: SecurityContext): FieldError[] {
  if (context.allowPrivilegeEscalation !== false) return [];
  const denied = "cannot set `allowPrivilegeEscalation` to false and";
  const errors = context.privileged ? [invalidValue(field, inGo(context), `${denied} \`privileged\` to true`)] : [];
  for (const capability of context.capabilities?.add ?? [])
    if (capability === "CAP_SYS_ADMIN")
      errors.push(invalidValue(field, inGo(context), `${denied} \`capabilities.Add\` CAP_SYS_ADMIN`));
  return errors;
}

/** As Go shows it, every field by its Go name. */
function inGo(context: SecurityContext): object {
  const { capabilities, seLinuxOptions: linux } = context;
  return {
    Capabilities: capabilities ? { Add: capabilities.add ?? null, Drop: capabilities.drop ?? null } : null,
    Privileged: context.privileged ?? null,
    SELinuxOptions: linux
      ? { User: linux.user ?? "", Role: linux.role ?? "", Type: linux.type ?? "", Level: linux.level ?? "" }
      : null,
    WindowsOptions: context.windowsOptions ?? null,
    RunAsUser: context.runAsUser ?? null,
    RunAsGroup: context.runAsGroup ?? null,
    RunAsNonRoot: context.runAsNonRoot ?? null,
    ReadOnlyRootFilesystem: context.readOnlyRootFilesystem ?? null,
    AllowPrivilegeEscalation: context.allowPrivilegeEscalation ?? null,
    ProcMount: context.procMount ?? null,
    SeccompProfile: context.seccompProfile ?? null,
    AppArmorProfile: context.appArmorProfile ?? null,
  };
}

function validateWindowsOptions(field: string, options: WindowsSecurityContextOptions | undefined): FieldError[] {
  const { gmsaCredentialSpecName: name, gmsaCredentialSpec: credentials, runAsUserName: user } = options ?? {};
  const errors = name === undefined ? [] : says(`${field}.gmsaCredentialSpecName`, name, isDNS1123Subdomain(name));
  if (credentials === "")
    errors.push(invalidValue(`${field}.gmsaCredentialSpec`, credentials, "gmsaCredentialSpec cannot be an empty string"));
  if (user === undefined) return errors;
  return [
    ...errors,
    ...validateWindowsUser(user).map((text) => invalidValue(`${field}.runAsUserName`, user, `runAsUserName${text}`)),
  ];
}

const MAX_DOMAIN = 256;
const MAX_USER = 104;

function validateWindowsUser(name: string): string[] {
  if (name === "") return [" cannot be an empty string"];
  if (/\p{Cc}/u.test(name)) return [" cannot contain control characters"];
  const parts = name.split("\\");
  if (parts.length > 2) return [" cannot contain more than one backslash"];
  const [user, domain] = parts.toReversed() as [string, string | undefined];
  const texts: string[] = [];
  if ((domain?.length ?? 0) >= MAX_DOMAIN) texts.push(`'s Domain length must be under ${MAX_DOMAIN} characters`);
  if (domain !== undefined && !isWindowsDomain(domain)) texts.push("'s Domain doesn't match the NetBios nor the DNS format");
  if (user === "") texts.push("'s User cannot be empty");
  else if (user.length > MAX_USER) texts.push(`'s User length must not be longer than ${MAX_USER} characters`);
  if (/^[. ]+$/.test(user)) texts.push("'s User cannot contain only periods or spaces");
  if (/["/\\:;|=,+*?<>@[\]]/.test(user)) texts.push(`'s User cannot contain the following characters: "/\\:;|=,+*?<>@[]`);
  return texts;
}

function isWindowsDomain(domain: string): boolean {
  return (
    /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/.test(domain) ||
    /^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]*[a-z0-9])?$/i.test(domain)
  );
}

export interface Placed {
  field: string;
  container: Container;
}

/** What only one of the operating systems has. */
export function validateOs(field: string, spec: PodSpec, containers: readonly Placed[]): FieldError[] {
  const os = spec.os?.name;
  if (os === undefined) return [];
  const at = `${field}.os`;
  if (os === ("" as string)) return [required(`${at}.name`)];
  const unknown = oneOf(at, os, ["linux", "windows"]);
  if (unknown.length > 0) return unknown;
  return os === "linux" ? validateLinux(field, spec, containers) : validateWindows(field, spec, containers);
}

function validateLinux(field: string, spec: PodSpec, containers: readonly Placed[]): FieldError[] {
  const all = [
    { field, context: spec.securityContext },
    ...containers.map((c) => ({ field: c.field, context: c.container.securityContext })),
  ];
  return all.flatMap((one) =>
    one.context?.windowsOptions
      ? [forbidden(`${one.field}.securityContext.windowsOptions`, "windows options cannot be set for a linux pod")]
      : [],
  );
}

/** In upstream's order. */
const NOT_ON_WINDOWS_PODS = [
  "securityContext.appArmorProfile",
  "securityContext.seLinuxOptions",
  "hostUsers",
  "hostPID",
  "hostIPC",
  "securityContext.seccompProfile",
  "securityContext.fsGroup",
  "securityContext.fsGroupChangePolicy",
  "securityContext.sysctls",
  "shareProcessNamespace",
  "securityContext.runAsUser",
  "securityContext.runAsGroup",
  "securityContext.supplementalGroups",
  "securityContext.supplementalGroupsPolicy",
  "securityContext.seLinuxChangePolicy",
];
const NOT_ON_WINDOWS = [
  "appArmorProfile",
  "seLinuxOptions",
  "seccompProfile",
  "capabilities",
  "readOnlyRootFilesystem",
  "privileged",
  "allowPrivilegeEscalation",
  "procMount",
  "runAsUser",
  "runAsGroup",
] as const;

function validateWindows(field: string, spec: PodSpec, containers: readonly Placed[]): FieldError[] {
  const text = "cannot be set for a windows pod";
  const isSet = (path: string) => {
    const [member, ...rest] = path.split(".") as [keyof PodSpec, ...string[]];
    const value: unknown =
      rest.length > 0 ? (spec.securityContext as Record<string, unknown> | undefined)?.[rest[0]!] : spec[member];
    return value !== undefined && !((member === "hostPID" || member === "hostIPC") && value === false);
  };
  return [
    ...NOT_ON_WINDOWS_PODS.filter(isSet).map((path) => forbidden(`${field}.${path}`, text)),
    ...containers.flatMap((one) =>
      NOT_ON_WINDOWS.filter((name) => one.container.securityContext?.[name] !== undefined).map((name) =>
        forbidden(`${one.field}.securityContext.${name}`, text),
      ),
    ),
  ];
}

/** Processes that run on a Windows host itself. */
export function validateHostProcess(field: string, spec: PodSpec, containers: readonly Placed[]): FieldError[] {
  const ofPod = spec.securityContext?.windowsOptions?.hostProcess;
  const errors: FieldError[] = [];
  let count = 0;
  for (const one of containers) {
    const own = one.container.securityContext?.windowsOptions?.hostProcess;
    if (ofPod !== undefined && own !== undefined && ofPod !== own) {
      const text = `pod hostProcess value must be identical if both are specified, was ${ofPod}`;
      errors.push(invalidValue(`${one.field}.securityContext.windowsOptions.hostProcess`, own, text));
    }
    if (own ?? ofPod) count++;
  }
  if (count === 0) return errors;
  if (count !== containers.length)
    errors.push(
      invalidValue(field, "", "If pod contains any hostProcess containers then all containers must be HostProcess containers"),
    );
  if (spec.hostNetwork) return errors;
  return [
    ...errors,
    invalidValue(`${field}.hostNetwork`, false, "hostNetwork must be true if pod contains any hostProcess containers"),
  ];
}
