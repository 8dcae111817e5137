/**
 * Addresses and ranges in fields: old fields take spellings that new ones refuse, and warn where one is not canonical.
 *
 * @source staging/src/k8s.io/apimachinery/pkg/util/validation/ip.go v1.36
 */
import { formatCidr, formatIp, parseCidr, parseIp, type Cidr, type Ip } from "../lib/ip.ts";
import { invalidValue, type FieldError } from "./field-error.ts";

const MAPPED = 0xffffn;

/** As old clients wrote it: octets may have leading zeros. An IPv4 address mapped into IPv6 counts as IPv4. */
export function parseIpSloppy(text: string): Ip | undefined {
  const ip = parseIp(text) ?? (text.includes(":") ? undefined : parseIp(withoutZeros(text)));
  return ip && isMapped(ip) ? { family: 4, value: ip.value & 0xffffffffn } : ip;
}

export function parseCidrSloppy(text: string): { ip: Ip; cidr: Cidr } | undefined {
  const match = /^([^/]+)\/0*(\d+)$/.exec(text);
  const ip = match ? parseIpSloppy(match[1]!) : undefined;
  const cidr = ip && parseCidr(`${formatIp(ip)}/${match![2]}`);
  return cidr && { ip: ip!, cidr };
}

const withoutZeros = (text: string) => text.replace(/(^|\.)0+(?=\d)/g, "$1");
const isMapped = ({ family, value }: Ip) => family === 6 && value >> 32n === MAPPED;

export const isIPv6String = (text: string): boolean => parseIpSloppy(text)?.family === 6;

/** A field that is older than strict checks; values in `old` stay valid. */
export function validateLegacyIp(field: string, value: string, old: readonly string[] = []): FieldError[] {
  if (old.includes(value)) return [];
  if (!parseIpSloppy(value)) return [invalidValue(field, value, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)")];
  const strict = parseIp(value);
  if (!strict) return [invalidValue(field, value, "must not have leading 0s")];
  return isMapped(strict) ? [invalidValue(field, value, "must not be an IPv4-mapped IPv6 address")] : [];
}

export function validateIp(field: string, value: string): FieldError[] {
  const errors = validateLegacyIp(field, value);
  if (errors.length) return errors;
  const canonical = formatIp(parseIp(value)!);
  return value === canonical ? [] : [invalidValue(field, value, `must be in canonical form (${JSON.stringify(canonical)})`)];
}

export function warningsForIp(field: string, value: string): string[] {
  const ip = parseIpSloppy(value);
  if (!ip) return [];
  const [strict, canonical] = [parseIp(value), JSON.stringify(formatIp(ip))];
  if (!strict || isMapped(strict))
    return [`${field}: non-standard IP address ${JSON.stringify(value)} is invalid: use ${canonical}`];
  if (ip.family === 4 || formatIp(ip) === value) return [];
  return [`${field}: IPv6 address ${JSON.stringify(value)} should be in RFC 5952 canonical format (${canonical})`];
}

export function validateLegacyCidr(field: string, value: string, old: readonly string[] = []): FieldError[] {
  if (old.includes(value)) return [];
  const sloppy = parseCidrSloppy(value);
  if (!sloppy) return [invalidValue(field, value, "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)")];
  const [address, bits] = value.split("/") as [string, string];
  const strict = parseIp(address);
  if (!strict || /^0\d/.test(bits)) return [invalidValue(field, value, "must not have leading 0s in IP or prefix length")];
  if (isMapped(strict)) return [invalidValue(field, value, "must not have an IPv4-mapped IPv6 address")];
  return strict.value === sloppy.cidr.base ? [] : [invalidValue(field, value, "must not have bits set beyond the prefix length")];
}

export function validateCidr(field: string, value: string): FieldError[] {
  const errors = validateLegacyCidr(field, value);
  if (errors.length) return errors;
  const canonical = formatCidr(parseCidr(value)!);
  return value === canonical ? [] : [invalidValue(field, value, `must be in canonical form (${JSON.stringify(canonical)})`)];
}

export function warningsForCidr(field: string, value: string): string[] {
  const sloppy = parseCidrSloppy(value);
  if (!sloppy) return [];
  const { ip, cidr } = sloppy;
  const [quoted, canonical] = [JSON.stringify(value), JSON.stringify(formatCidr(cidr))];
  const warnings: string[] = [];
  if (ip.value !== cidr.base) {
    const single = JSON.stringify(`${formatIp(ip)}/${ip.family === 4 ? 32 : 128}`);
    warnings.push(`${field}: CIDR value ${quoted} is ambiguous in this context (should be ${canonical} or ${single}?)`);
  }
  const strict = parseIp(value.split("/")[0]!);
  if (!strict || isMapped(strict)) warnings.push(`${field}: non-standard CIDR value ${quoted} is invalid: use ${canonical}`);
  if (!warnings.length && ip.family === 6 && formatCidr(cidr) !== value)
    warnings.push(`${field}: IPv6 CIDR value ${quoted} should be in RFC 5952 canonical format (${canonical})`);
  return warnings;
}

/** Addresses that no endpoint and no external address of a Service may have. */
export function validateEndpointIp(field: string, value: string): FieldError[] {
  const ip = parseIpSloppy(value);
  if (!ip) return [invalidValue(field, value, "must be a valid IP address")];
  const { family, value: n } = ip;
  const within = (cidr: string) => {
    const range = parseCidr(cidr)!;
    const host = BigInt((range.family === 4 ? 32 : 128) - range.bits);
    return range.family === family && n >> host === range.base >> host;
  };
  const errors: FieldError[] = [];
  if (n === 0n) errors.push(invalidValue(field, value, `may not be unspecified (${value})`));
  if (within("127.0.0.0/8") || within("::1/128"))
    errors.push(invalidValue(field, value, "may not be in the loopback range (127.0.0.0/8, ::1/128)"));
  if (within("169.254.0.0/16") || within("fe80::/10"))
    errors.push(invalidValue(field, value, "may not be in the link-local range (169.254.0.0/16, fe80::/10)"));
  // The text says ff02::/10, the check is for ff02::/16, as upstream has it.
  if (within("224.0.0.0/24") || within("ff02::/16"))
    errors.push(invalidValue(field, value, "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"));
  return errors;
}
