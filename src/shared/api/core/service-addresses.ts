/**
 * Addresses and families of a Service: the singular and the plural field kept in step, what follows from what was given, and which
 * combinations make sense on a cluster of these families.
 *
 * @source pkg/registry/core/service/storage/{storage,alloc}.go, pkg/apis/core/validation/validation.go v1.36
 */
import { duplicate, invalidValue, notSupported, required, type FieldError } from "../../apimachinery/field-error.ts";
import { validateLegacyIp } from "../../apimachinery/validation-ip.ts";
import type { Service } from "../generated/core-v1.ts";

type Spec = Service["spec"];

export const NONE = "None";
const FAMILIES = ["IPv4", "IPv6"];
const POLICIES = ["PreferDualStack", "RequireDualStack", "SingleStack"];

export const isHeadless = ({ type, clusterIP }: Spec) => type === "ClusterIP" && clusterIP === NONE;
/** Whether clients reach it at an address of its own; the others are known by their endpoints alone. */
export const hasClusterIP = ({ spec }: Pick<Service, "spec">) => !!spec?.clusterIP && spec.clusterIP !== NONE;
export const needsClusterIP = ({ type }: Spec) => type !== "ExternalName";
const familyOf = (ip: string) => (ip.includes(":") ? "IPv6" : "IPv4");
export const sameList = (a: readonly unknown[] = [], b: readonly unknown[] = []) =>
  a.length === b.length && a.every((x, i) => x === b[i]);

export const sameClusterIPs = (a: Spec, b: Spec) =>
  (a.clusterIP ?? "") === (b.clusterIP ?? "") && sameList(a.clusterIPs, b.clusterIPs);

/** Clients that know one of `clusterIP` and `clusterIPs` mean both. */
export function normalizeClusterIPs(spec: Spec, old: Spec | undefined): void {
  const [now, was] = [spec.clusterIP ?? "", old?.clusterIP ?? ""];
  if (!old) {
    if (now && !spec.clusterIPs?.length) spec.clusterIPs = [now];
    return;
  }
  if (old.clusterIPs?.length && !spec.clusterIPs?.length && now === was) spec.clusterIPs = [...old.clusterIPs];
  if (now === was || !sameList(spec.clusterIPs, old.clusterIPs)) return;
  if (now === "") delete spec.clusterIPs;
  else spec.clusterIPs = [now];
}

/**
 * Fills in policy and families. Returns what is wrong instead, without having finished.
 *
 * @param families of the cluster, the default one first
 */
export function initFamilies(spec: Spec, old: Spec | undefined, families: readonly string[]): FieldError[] {
  if (!needsClusterIP(spec)) return [];
  const selectorless = Object.keys(spec.selector ?? {}).length === 0;
  const special = spec.clusterIP === NONE && selectorless;
  spec.ipFamilyPolicy ??= old?.ipFamilyPolicy ?? (special ? "RequireDualStack" : "SingleStack");
  const malformed = validateClusterIPFields(spec);
  if (malformed.length > 0) return malformed;
  const errors = [...fitPolicy(spec, old), ...inferFamilies(spec, families)];
  if (errors.length > 0) return errors;
  if (special) {
    const list = (spec.ipFamilies = spec.ipFamilies?.length ? spec.ipFamilies : [families[0]!]);
    if (list.length < 2 && spec.ipFamilyPolicy !== "SingleStack") list.push(list[0] === "IPv4" ? "IPv6" : "IPv4");
    return [];
  }
  return fitCluster(spec, families);
}

function fitPolicy(spec: Spec, old: Spec | undefined): FieldError[] {
  const single = spec.ipFamilyPolicy === "SingleStack";
  const errors: FieldError[] = [];
  const wrong = (text: string) => errors.push(invalidValue("spec.ipFamilyPolicy", spec.ipFamilyPolicy, text));
  if (old && single) {
    if (sameClusterIPs(old, spec) && (spec.clusterIPs?.length ?? 0) > 1) spec.clusterIPs!.length = 1;
    if (sameList(old.ipFamilies, spec.ipFamilies) && (spec.ipFamilies?.length ?? 0) > 1) spec.ipFamilies!.length = 1;
  } else if (old) {
    if (old.clusterIPs?.length === 2 && spec.clusterIPs?.length === 1)
      wrong("must be 'SingleStack' to release the secondary cluster IP");
    if (old.ipFamilies?.length === 2 && spec.ipFamilies?.length === 1)
      wrong("must be 'SingleStack' to release the secondary IP family");
  }
  const needed = (what: string) => `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${what} are specified`;
  if (single && spec.clusterIPs?.length === 2) wrong(needed("cluster IPs"));
  if (single && spec.ipFamilies?.length === 2) wrong(needed("IP families"));
  return errors;
}

function inferFamilies(spec: Spec, families: readonly string[]): FieldError[] {
  const errors: FieldError[] = [];
  for (const [i, ip] of (spec.clusterIPs ?? []).entries()) {
    if (ip === NONE) break;
    if (i < (spec.ipFamilies?.length ?? 0)) continue;
    const family = familyOf(ip);
    if (families.includes(family)) (spec.ipFamilies ??= []).push(family);
    else errors.push(invalidValue(`spec.clusterIPs[${i}]`, spec.clusterIPs, `${family} is not configured on this cluster`));
  }
  return errors;
}

function fitCluster(spec: Spec, families: readonly string[]): FieldError[] {
  const errors: FieldError[] = [];
  if (spec.ipFamilyPolicy === "RequireDualStack" && families.length < 2)
    errors.push(
      invalidValue("spec.ipFamilyPolicy", spec.ipFamilyPolicy, "this cluster is not configured for dual-stack services"),
    );
  for (const [i, family] of (spec.ipFamilies ?? []).entries()) {
    if (!families.includes(family)) errors.push(invalidValue(`spec.ipFamilies[${i}]`, family, "not configured on this cluster"));
  }
  if (errors.length > 0) return errors;
  const list = (spec.ipFamilies = spec.ipFamilies?.length ? spec.ipFamilies : [families[0]!]);
  if (spec.ipFamilyPolicy !== "SingleStack" && list.length === 1 && families.length === 2)
    list.push(list[0] === "IPv4" ? "IPv6" : "IPv4");
  return [];
}

export function validateClusterIPFields(spec: Spec): FieldError[] {
  if (!needsClusterIP(spec)) return [];
  const { clusterIP = "", clusterIPs = [], ipFamilies = [], ipFamilyPolicy } = spec;
  const field = "spec.clusterIPs";
  const errors: FieldError[] = [];
  if (clusterIP && clusterIPs.length === 0) errors.push(required(field));
  else if (clusterIP && clusterIPs[0] !== clusterIP)
    errors.push(invalidValue(field, clusterIPs, "first value must match `clusterIP`"));
  if (!clusterIP && clusterIPs.length > 0)
    errors.push(invalidValue(field, clusterIPs, "must be empty when `clusterIP` is not specified"));
  for (const [i, family] of ipFamilies.entries()) {
    if (!FAMILIES.includes(family)) errors.push(notSupported(`spec.ipFamilies[${i}]`, family, FAMILIES));
    if (ipFamilies.indexOf(family) < i) errors.push(duplicate(`spec.ipFamilies[${i}]`, family));
  }
  if (ipFamilyPolicy !== undefined && !POLICIES.includes(ipFamilyPolicy))
    errors.push(notSupported("spec.ipFamilyPolicy", ipFamilyPolicy, POLICIES));
  const bad = clusterIPs.flatMap((ip, i) => {
    if (i > 0 || ip !== NONE) return validateLegacyIp(`${field}[${i}]`, ip);
    return clusterIPs.length > 1 ? [invalidValue(field, clusterIPs, "'None' must be the first and only value")] : [];
  });
  errors.push(...bad);
  if (clusterIPs.length > 2) errors.push(invalidValue(field, clusterIPs, "may only hold up to 2 values"));
  return bad.length > 0 ? errors : [...errors, ...validateFamiliesOf(spec)];
}

function validateFamiliesOf({ clusterIPs = [], ipFamilies = [], ...spec }: Spec): FieldError[] {
  const errors: FieldError[] = [];
  const kinds = clusterIPs.map(familyOf);
  if (kinds.length > 1 && new Set(kinds).size < kinds.length && !(kinds.length > 2 && new Set(kinds).size === 2))
    errors.push(invalidValue("spec.clusterIPs", clusterIPs, "may specify no more than one IP for each IP family"));
  if (isHeadless(spec)) return errors;
  for (const [i, ip] of clusterIPs.entries()) {
    const family = ipFamilies[i];
    if (!family || !FAMILIES.includes(family) || kinds[i] === family) continue;
    errors.push(invalidValue(`spec.clusterIPs[${i}]`, ip, `expected an ${family} value as indicated by \`ipFamilies[${i}]\``));
  }
  return errors;
}
