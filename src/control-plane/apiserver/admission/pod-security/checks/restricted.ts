/**
 * Level restricted: baseline, and nothing that could help somebody who has broken out.
 *
 * @source staging/src/k8s.io/pod-security-admission/policy/check_*.go v1.36
 */
import { isBadSeccomp, procMount, seccomp } from "./baseline.ts";
import {
  containersNamed,
  hasOwnUsers,
  isWindows,
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

const privilegeEscalation: CheckPod = ({ spec }) => {
  const names = namesWhere(spec, (c) => c.securityContext?.allowPrivilegeEscalation !== false);
  if (!names.length) return undefined;
  const detail = `${containersNamed(names)} must set securityContext.allowPrivilegeEscalation=false`;
  return { reason: "allowPrivilegeEscalation != false", detail };
};

const capabilities: CheckPod = ({ spec }) => {
  const all = settings(spec, "capabilities");
  const keeping = all.filter(({ value }) => !value?.drop?.includes("ALL")).map(({ name }) => name);
  const extra = (c: { add?: string[] } | undefined) => (c?.add ?? []).filter((name) => name !== "NET_BIND_SERVICE");
  const adding = all.filter(({ value }) => extra(value).length > 0);
  const details: string[] = [];
  if (keeping.length) details.push(`${containersNamed(keeping)} must set securityContext.capabilities.drop=["ALL"]`);
  if (adding.length) {
    const added = quoted(sorted(adding.flatMap(({ value }) => extra(value))));
    details.push(
      `${containersNamed(adding.map(({ name }) => name))} must not include ${added} in securityContext.capabilities.add`,
    );
  }
  return details.length ? { reason: "unrestricted capabilities", detail: details.join("; ") } : undefined;
};

const VOLUME_TYPES = [
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "image",
  "persistentVolumeClaim",
  "projected",
  "secret",
];

const volumes: CheckPod = ({ spec }) => {
  const typesOf = (volume: object) =>
    Object.keys(volume).filter((key) => key !== "name" && (volume as Record<string, unknown>)[key] !== undefined);
  const bad = (spec.volumes ?? []).filter((v) => !typesOf(v).some((type) => VOLUME_TYPES.includes(type)));
  if (!bad.length) return undefined;
  const types = sorted(bad.map((v) => typesOf(v)[0] ?? "unknown"));
  const who = `${pluralize(bad.length, "volume")} ${quoted(bad.map((v) => v.name))} ${pluralize(bad.length, "uses", "use")}`;
  return {
    reason: "restricted volume types",
    detail: `${who} ${pluralize(types.length, "restricted volume type")} ${quoted(types)}`,
  };
};

const runAsNonRoot: CheckPod = ({ spec }) => {
  const pod = spec.securityContext?.runAsNonRoot;
  const all = settings(spec, "runAsNonRoot");
  const reason = "runAsNonRoot != true";
  const who = setters(
    pod === false,
    all.filter(({ value }) => value === false).map(({ name }) => name),
  );
  if (who.length) return { reason, detail: `${who.join(" and ")} must not set securityContext.runAsNonRoot=false` };
  const silent = pod === true ? [] : all.filter(({ value }) => value === undefined).map(({ name }) => name);
  return silent.length
    ? { reason, detail: `pod or ${containersNamed(silent)} must set securityContext.runAsNonRoot=true` }
    : undefined;
};

const runAsUser: CheckPod = ({ spec }) => {
  const containers = settings(spec, "runAsUser").filter(({ value }) => value === 0);
  const who = setters(
    spec.securityContext?.runAsUser === 0,
    containers.map(({ name }) => name),
  );
  return who.length ? { reason: "runAsUser=0", detail: `${who.join(" and ")} must not set runAsUser=0` } : undefined;
};

const seccompSet: CheckPod = (checked) => {
  const { spec } = checked;
  const bad = seccomp(checked);
  if (bad) return bad;
  const pod = spec.securityContext?.seccompProfile?.type;
  if (pod !== undefined && !isBadSeccomp(pod)) return undefined;
  const silent = settings(spec, "seccompProfile")
    .filter(({ value }) => value === undefined)
    .map(({ name }) => name);
  if (!silent.length) return undefined;
  const detail = `pod or ${containersNamed(silent)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`;
  return { reason: "seccompProfile", detail };
};

export const restrictedChecks: readonly Check[] = [
  {
    id: "allowPrivilegeEscalation",
    versions: [
      { since: 8, check: privilegeEscalation },
      { since: 25, check: unless(isWindows, privilegeEscalation) },
    ],
  },
  {
    id: "capabilities_restricted",
    replaces: "capabilities_baseline",
    versions: [
      { since: 22, check: capabilities },
      { since: 25, check: unless(isWindows, capabilities) },
    ],
  },
  { id: "procMount_restricted", replaces: "procMount", versions: [{ since: 35, check: procMount }] },
  { id: "restrictedVolumes", replaces: "hostPathVolumes", versions: [{ since: 0, check: volumes }] },
  {
    id: "runAsNonRoot",
    versions: [
      { since: 0, check: runAsNonRoot },
      { since: 35, check: unless(hasOwnUsers, runAsNonRoot) },
    ],
  },
  {
    id: "runAsUser",
    versions: [
      { since: 23, check: runAsUser },
      { since: 35, check: unless(hasOwnUsers, runAsUser) },
    ],
  },
  {
    id: "seccompProfile_restricted",
    replaces: "seccompProfile_baseline",
    versions: [
      { since: 19, check: seccompSet },
      { since: 25, check: unless(isWindows, seccompSet) },
    ],
  },
];
