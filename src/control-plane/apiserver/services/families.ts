/**
 * Address families and cluster addresses of a Service, as far as they follow from what was asked for.
 *
 * @source pkg/registry/core/service/storage/{alloc,storage}.go v1.36
 */
import type { Service } from "../../../shared/api/index.ts";
import { invalidValue, type FieldError } from "../../../shared/apimachinery/field-error.ts";
import { deepEqual } from "../../../shared/apimachinery/patch/index.ts";
import { parseIp } from "../../../shared/lib/ip.ts";

export type Family = "IPv4" | "IPv6";

export const NONE = "None";

export const familyOf = (ip: string): Family => (ip.includes(":") ? "IPv6" : "IPv4");

export const needsAddress = ({ spec }: Service) => spec.type !== "ExternalName" && spec.clusterIP !== NONE;

/** An old client knows only `clusterIP`: the list follows it. */
export function alignAddresses({ spec }: Service, old: Service | undefined): void {
  if (!old) {
    if (spec.clusterIP && !spec.clusterIPs?.length) spec.clusterIPs = [spec.clusterIP];
    return;
  }
  const was = old.spec;
  const same = () => deepEqual(was.clusterIPs ?? [], spec.clusterIPs ?? []);
  if (was.clusterIPs?.length && !spec.clusterIPs?.length && was.clusterIP === spec.clusterIP)
    spec.clusterIPs = [...was.clusterIPs];
  if (was.clusterIP === spec.clusterIP || !same()) return;
  if (was.clusterIP && !spec.clusterIP) delete spec.clusterIPs;
  else spec.clusterIPs = [spec.clusterIP!];
}

/** An update that leaves addresses out keeps them. */
export function keepAddresses(service: Service, old: Service): void {
  if (!needsAddress(service) || !needsAddress(old)) return;
  const { spec } = service;
  if (!spec.clusterIP) spec.clusterIP = old.spec.clusterIP;
  if (!spec.clusterIPs?.length && old.spec.clusterIPs?.length) spec.clusterIPs = [...old.spec.clusterIPs];
}

/** What a type that has no address must not keep from an earlier type. */
export function dropAddresses(service: Service, old: Service): void {
  const { spec } = service;
  if (spec.type !== "ExternalName" || old.spec.type === "ExternalName") return;
  if (spec.clusterIP === old.spec.clusterIP) delete spec.clusterIP;
  if (deepEqual(spec.clusterIPs ?? [], old.spec.clusterIPs ?? [])) delete spec.clusterIPs;
  if (deepEqual(spec.ipFamilies ?? [], old.spec.ipFamilies ?? [])) delete spec.ipFamilies;
  if (spec.ipFamilyPolicy === old.spec.ipFamilyPolicy) delete spec.ipFamilyPolicy;
}

/** Fills in policy and families; `configured` are the families the cluster has ranges of, the default one first. */
export function chooseFamilies(service: Service, old: Service | undefined, configured: readonly Family[]): FieldError[] {
  const { spec } = service;
  if (spec.type === "ExternalName") return [];
  const freeHeadless = spec.clusterIP === NONE && !Object.keys(spec.selector ?? {}).length;
  spec.ipFamilyPolicy ??= old?.spec.ipFamilyPolicy ?? (freeHeadless ? "RequireDualStack" : "SingleStack");
  const errors = [...malformed(service), ...inferFamilies(service, configured)];
  if (errors.length) return errors;
  const families = (spec.ipFamilies ??= []) as Family[];
  if (freeHeadless) {
    if (!families.length) families.push(configured[0]!);
    if (families.length < 2 && spec.ipFamilyPolicy !== "SingleStack") families.push(families[0] === "IPv4" ? "IPv6" : "IPv4");
    return [];
  }
  if (spec.ipFamilyPolicy === "RequireDualStack" && configured.length < 2)
    errors.push(
      invalidValue("spec.ipFamilyPolicy", spec.ipFamilyPolicy, "this cluster is not configured for dual-stack services"),
    );
  families.forEach((family, i) => {
    if (!configured.includes(family))
      errors.push(invalidValue(`spec.ipFamilies[${i}]`, family, "not configured on this cluster"));
  });
  if (errors.length) return errors;
  if (!families.length) families.push(configured[0]!);
  const other = configured.find((family) => family !== families[0]);
  if (spec.ipFamilyPolicy !== "SingleStack" && families.length === 1 && other) families.push(other);
  return [];
}

function malformed({ spec }: Service): FieldError[] {
  return (spec.clusterIPs ?? []).flatMap((ip, i) => {
    if (ip === NONE || parseIp(ip)) return [];
    return [invalidValue(`spec.clusterIPs[${i}]`, ip, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)")];
  });
}

function inferFamilies({ spec }: Service, configured: readonly Family[]): FieldError[] {
  const errors: FieldError[] = [];
  const families = (spec.ipFamilies ??= []);
  (spec.clusterIPs ?? []).forEach((ip, i) => {
    if (ip === NONE || i < families.length) return;
    const family = familyOf(ip);
    if (configured.includes(family)) families.push(family);
    else errors.push(invalidValue(`spec.clusterIPs[${i}]`, spec.clusterIPs, `${family} is not configured on this cluster`));
  });
  return errors;
}
