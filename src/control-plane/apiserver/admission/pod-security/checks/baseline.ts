/**
 * Level baseline: nothing that reaches out of the container by itself.
 *
 * @source staging/src/k8s.io/pod-security-admission/policy/check_*.go v1.36
 */
import type { LifecycleHandler, Probe, SELinuxOptions } from "../../../../../shared/api/generated/core-v1.ts";
import { containersOf } from "../../../pod-references.ts";
import {
  containersNamed,
  hasOwnUsers,
  namesWhere,
  pluralize,
  quoted,
  setters,
  settings,
  sorted,
  unless,
  type Check,
  type CheckPod,
} from "./check.ts";

const hostNamespaces: CheckPod = ({ spec }) => {
  const used = (["hostNetwork", "hostPID", "hostIPC"] as const).filter((field) => spec[field]);
  return used.length ? { reason: "host namespaces", detail: used.map((field) => `${field}=true`).join(", ") } : undefined;
};

const hostPathVolumes: CheckPod = ({ spec }) => {
  const names = (spec.volumes ?? []).filter((v) => v.hostPath).map((v) => v.name);
  return names.length
    ? { reason: "hostPath volumes", detail: `${pluralize(names.length, "volume")} ${quoted(names)}` }
    : undefined;
};

const hostPorts: CheckPod = ({ spec }) => {
  const portsOf = (c: { ports?: { hostPort?: number }[] }) =>
    (c.ports ?? []).flatMap((p) => (p.hostPort ? [String(p.hostPort)] : []));
  const names = namesWhere(spec, (c) => portsOf(c).length > 0);
  if (!names.length) return undefined;
  const ports = sorted([...containersOf(spec)].flatMap(portsOf));
  const detail = `${containersNamed(names)} ${pluralize(names.length, "uses", "use")} ${pluralize(ports.length, "hostPort")} ${ports.join(", ")}`;
  return { reason: "hostPort", detail };
};

const hostOf = (handler: Probe | LifecycleHandler | undefined) =>
  [handler?.httpGet?.host, handler?.tcpSocket?.host].filter((host) => host);

const hostProbes: CheckPod = ({ spec }) => {
  const found = [...containersOf(spec)].map((c) => {
    const handlers = [c.livenessProbe, c.readinessProbe, c.startupProbe, c.lifecycle?.postStart, c.lifecycle?.preStop];
    return { name: c.name, hosts: handlers.flatMap(hostOf) as string[] };
  });
  const bad = found.filter(({ hosts }) => hosts.length > 0);
  if (!bad.length) return undefined;
  const names = sorted(bad.map(({ name }) => name));
  const hosts = sorted(bad.flatMap((b) => b.hosts));
  const what = pluralize(hosts.length, "probe or lifecycle host");
  return {
    reason: "probe or lifecycle host",
    detail: `${containersNamed(names)} ${pluralize(names.length, "uses", "use")} ${what} ${quoted(hosts)}`,
  };
};

const privileged: CheckPod = ({ spec }) => {
  const names = namesWhere(spec, (c) => c.securityContext?.privileged === true);
  return names.length
    ? { reason: "privileged", detail: `${containersNamed(names)} must not set securityContext.privileged=true` }
    : undefined;
};

const DEFAULT_CAPABILITIES = new Set(
  "AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT".split(" "),
);

const capabilities: CheckPod = ({ spec }) => {
  const extra = (c: { add?: string[] } | undefined) => (c?.add ?? []).filter((name) => !DEFAULT_CAPABILITIES.has(name));
  const bad = settings(spec, "capabilities").filter(({ value }) => extra(value).length > 0);
  if (!bad.length) return undefined;
  const added = quoted(sorted(bad.flatMap(({ value }) => extra(value))));
  const names = containersNamed(bad.map(({ name }) => name));
  return { reason: "non-default capabilities", detail: `${names} must not include ${added} in securityContext.capabilities.add` };
};

export const procMount: CheckPod = ({ spec }) => {
  const bad = settings(spec, "procMount").filter(({ value }) => value !== undefined && value !== "Default");
  if (!bad.length) return undefined;
  const types = quoted(sorted(bad.map(({ value }) => value!)));
  return {
    reason: "procMount",
    detail: `${containersNamed(bad.map(({ name }) => name))} must not set securityContext.procMount to ${types}`,
  };
};

const APPARMOR_ANNOTATION = "container.apparmor.security.beta.kubernetes.io/";

const appArmor: CheckPod = ({ metadata, spec }) => {
  const isBad = (type: string | undefined) => type !== undefined && type !== "RuntimeDefault" && type !== "Localhost";
  const pod = spec.securityContext?.appArmorProfile?.type;
  const containers = settings(spec, "appArmorProfile").filter(({ value }) => isBad(value?.type));
  const annotations = Object.entries(metadata.annotations ?? {})
    .filter(
      ([key, value]) =>
        key.startsWith(APPARMOR_ANNOTATION) && value && value !== "runtime/default" && !value.startsWith("localhost/"),
    )
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .sort();
  const who = setters(
    isBad(pod),
    containers.map(({ name }) => name),
  );
  if (annotations.length) who.push(pluralize(annotations.length, "annotation"));
  if (!who.length) return undefined;
  const values = [...sorted([...(isBad(pod) ? [pod!] : []), ...containers.map(({ value }) => value!.type)]), ...annotations];
  const reason = pluralize(values.length, "forbidden AppArmor profile");
  return { reason, detail: `${who.join(" and ")} must not set AppArmor profile type to ${quoted(values)}` };
};

const SELINUX_TYPES = ["", "container_t", "container_init_t", "container_kvm_t"];

const seLinux =
  (allowed: readonly string[]): CheckPod =>
  ({ spec }) => {
    const isBad = (o: SELinuxOptions | undefined) =>
      o !== undefined && (!allowed.includes(o.type ?? "") || Boolean(o.user) || Boolean(o.role));
    const pod = spec.securityContext?.seLinuxOptions;
    const containers = settings(spec, "seLinuxOptions").filter(({ value }) => isBad(value));
    const who = setters(
      isBad(pod),
      containers.map(({ name }) => name),
    );
    if (!who.length) return undefined;
    const bad = [...(isBad(pod) ? [pod!] : []), ...containers.map(({ value }) => value!)];
    const types = sorted(bad.map((o) => o.type ?? "").filter((type) => !allowed.includes(type)));
    const faults = [
      types.length > 0 && `${pluralize(types.length, "type")} ${quoted(types)}`,
      bad.some((o) => o.user) && "user may not be set",
      bad.some((o) => o.role) && "role may not be set",
    ];
    return {
      reason: "seLinuxOptions",
      detail: `${who.join(" and ")} set forbidden securityContext.seLinuxOptions: ${faults.filter(Boolean).join("; ")}`,
    };
  };

const SECCOMP_POD = "seccomp.security.alpha.kubernetes.io/pod";
const SECCOMP_CONTAINER = "container.seccomp.security.alpha.kubernetes.io/";

const seccompAnnotations: CheckPod = ({ metadata, spec }) => {
  const keys = [SECCOMP_POD, ...[...containersOf(spec)].map((c) => SECCOMP_CONTAINER + c.name)];
  const isBad = (value: string) => value !== "runtime/default" && value !== "docker/default" && !value.startsWith("localhost/");
  const bad = keys.flatMap((key) => {
    const value = metadata.annotations?.[key];
    return value !== undefined && isBad(value) ? [`${key}=${JSON.stringify(value)}`] : [];
  });
  return bad.length
    ? { reason: "seccompProfile", detail: `forbidden ${pluralize(bad.length, "annotation")} ${sorted(bad).join(", ")}` }
    : undefined;
};

export const isBadSeccomp = (type: string | undefined) => type !== undefined && type !== "RuntimeDefault" && type !== "Localhost";

export const seccomp: CheckPod = ({ spec }) => {
  const pod = spec.securityContext?.seccompProfile?.type;
  const containers = settings(spec, "seccompProfile").filter(({ value }) => isBadSeccomp(value?.type));
  const who = setters(
    isBadSeccomp(pod),
    containers.map(({ name }) => name),
  );
  if (!who.length) return undefined;
  const types = sorted([...(isBadSeccomp(pod) ? [pod!] : []), ...containers.map(({ value }) => value!.type)]);
  return {
    reason: "seccompProfile",
    detail: `${who.join(" and ")} must not set securityContext.seccompProfile.type to ${quoted(types)}`,
  };
};

const sysctlsBut =
  (allowed: readonly string[]): CheckPod =>
  ({ spec }) => {
    const bad = (spec.securityContext?.sysctls ?? []).map((s) => s.name).filter((name) => !allowed.includes(name));
    return bad.length ? { reason: "forbidden sysctls", detail: bad.join(", ") } : undefined;
  };

const ipv4 = (...names: string[]) => names.map((name) => `net.ipv4.${name}`);
const SYSCTLS = [
  "kernel.shm_rmid_forced",
  ...ipv4("ip_local_port_range", "tcp_syncookies", "ping_group_range", "ip_unprivileged_port_start"),
];
const SYSCTLS_27 = [...SYSCTLS, ...ipv4("ip_local_reserved_ports")];
const SYSCTLS_29 = [
  ...SYSCTLS_27,
  ...ipv4("tcp_keepalive_time", "tcp_fin_timeout", "tcp_keepalive_intvl", "tcp_keepalive_probes"),
];
const SYSCTLS_32 = [...SYSCTLS_29, ...ipv4("tcp_rmem", "tcp_wmem")];

const windowsHostProcess: CheckPod = ({ spec }) => {
  const containers = settings(spec, "windowsOptions").filter(({ value }) => value?.hostProcess === true);
  const who = setters(
    spec.securityContext?.windowsOptions?.hostProcess === true,
    containers.map(({ name }) => name),
  );
  return who.length
    ? { reason: "hostProcess", detail: `${who.join(" and ")} must not set securityContext.windowsOptions.hostProcess=true` }
    : undefined;
};

export const baselineChecks: readonly Check[] = [
  { id: "appArmorProfile", versions: [{ since: 0, check: appArmor }] },
  { id: "capabilities_baseline", versions: [{ since: 0, check: capabilities }] },
  { id: "hostNamespaces", versions: [{ since: 0, check: hostNamespaces }] },
  { id: "hostPathVolumes", versions: [{ since: 0, check: hostPathVolumes }] },
  { id: "hostPorts", versions: [{ since: 0, check: hostPorts }] },
  { id: "hostProbesAndHostLifecycle", versions: [{ since: 34, check: hostProbes }] },
  { id: "privileged", versions: [{ since: 0, check: privileged }] },
  {
    id: "procMount",
    versions: [
      { since: 0, check: procMount },
      { since: 35, check: unless(hasOwnUsers, procMount) },
    ],
  },
  {
    id: "seLinuxOptions",
    versions: [
      { since: 0, check: seLinux(SELINUX_TYPES) },
      { since: 31, check: seLinux([...SELINUX_TYPES, "container_engine_t"]) },
    ],
  },
  {
    id: "seccompProfile_baseline",
    versions: [
      { since: 0, check: seccompAnnotations },
      { since: 19, check: seccomp },
    ],
  },
  {
    id: "sysctls",
    versions: [
      { since: 0, check: sysctlsBut(SYSCTLS) },
      { since: 27, check: sysctlsBut(SYSCTLS_27) },
      { since: 29, check: sysctlsBut(SYSCTLS_29) },
      { since: 32, check: sysctlsBut(SYSCTLS_32) },
    ],
  },
  { id: "windowsHostProcess", versions: [{ since: 0, check: windowsHostProcess }] },
];
