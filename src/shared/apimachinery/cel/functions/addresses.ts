/** @source staging/src/k8s.io/apiserver/pkg/cel/library/{ip,cidr}.go v1.36 */
import { cidrContains, formatIp, parseIp, type Ip } from "../../../lib/ip.ts";
import type { FunctionTable } from "../library.ts";
import { CelError, Opaque } from "../values.ts";

class IpValue extends Opaque {
  readonly celType = "net.IP";
  readonly ip: Ip;
  constructor(ip: Ip) {
    super();
    this.ip = ip;
  }
  override equals(other: Opaque): boolean {
    return formatIp(this.ip) === formatIp((other as IpValue).ip);
  }
}

class CidrValue extends Opaque {
  readonly celType = "net.CIDR";
  readonly ip: Ip;
  readonly bits: number;
  constructor(ip: Ip, bits: number) {
    super();
    this.ip = ip;
    this.bits = bits;
  }
  get base(): bigint {
    const free = BigInt((this.ip.family === 4 ? 32 : 128) - this.bits);
    return (this.ip.value >> free) << free;
  }
  override toString(): string {
    return `${formatIp(this.ip)}/${this.bits}`;
  }
  override equals(other: Opaque): boolean {
    return String(this) === String(other);
  }
}

/** A spelling of IPv4 in IPv6 counts as none. */
function address(text: string): Ip | undefined {
  const ip = parseIp(text);
  return ip?.family === 6 && ip.value >> 32n === 0xffffn ? undefined : ip;
}

function ipOf(text: string): Ip {
  const ip = address(text);
  if (!ip)
    throw new CelError(
      `IP Address ${JSON.stringify(text)} parse error during conversion from string: ParseAddr(${JSON.stringify(text)}): unable to parse IP`,
    );
  return ip;
}

function range(text: string): CidrValue | undefined {
  const [, head, tail] = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text) ?? [];
  const ip = head === undefined ? undefined : address(head);
  return ip && Number(tail) <= (ip.family === 4 ? 32 : 128) ? new CidrValue(ip, Number(tail)) : undefined;
}

function cidrOf(text: string): CidrValue {
  const found = range(text);
  if (!found)
    throw new CelError(
      `network address parse error during conversion from string: netip.ParsePrefix(${JSON.stringify(text)}): no '/'`,
    );
  return found;
}

const holds = (of: CidrValue, ip: Ip) =>
  ip.family === of.ip.family && cidrContains({ family: of.ip.family, base: of.base, bits: of.bits }, ip);
const holdsRange = (of: CidrValue, inner: CidrValue) => inner.bits >= of.bits && holds(of, inner.ip);
/** Whether an address lies in the range of its family. */
const within =
  (four: string, six: string) =>
  ({ ip }: IpValue) =>
    holds(cidrOf(ip.family === 4 ? four : six), ip);
const isUnspecified = within("0.0.0.0/32", "::/128");
const isLoopback = within("127.0.0.0/8", "::1/128");
const isLinkLocal = within("169.254.0.0/16", "fe80::/10");
const isMulticast = within("224.0.0.0/4", "ff00::/8");
const isBroadcast = within("255.255.255.255/32", "::/128");

export const addresses: FunctionTable = {
  "ip(string): net.IP": (text: string) => new IpValue(ipOf(text)),
  "isIP(string): bool": (text: string) => address(text) !== undefined,
  "ip::isCanonical(string): bool": (text: string) => formatIp(ipOf(text)) === text,
  "string(net.IP): string": ({ ip }: IpValue) => formatIp(ip),
  "net.IP.family(): int": ({ ip }: IpValue) => BigInt(ip.family),
  "net.IP.isUnspecified(): bool": isUnspecified,
  "net.IP.isLoopback(): bool": isLoopback,
  "net.IP.isLinkLocalMulticast(): bool": within("224.0.0.0/24", "ff02::/16"),
  "net.IP.isLinkLocalUnicast(): bool": isLinkLocal,
  "net.IP.isGlobalUnicast(): bool": (of: IpValue) =>
    ![isUnspecified, isLoopback, isLinkLocal, isMulticast, isBroadcast].some((is) => is(of)),
  "cidr(string): net.CIDR": cidrOf,
  "isCIDR(string): bool": (text: string) => range(text) !== undefined,
  "string(net.CIDR): string": String,
  "net.CIDR.containsIP(string): bool": (of: CidrValue, text: string) => holds(of, ipOf(text)),
  "net.CIDR.containsIP(net.IP): bool": (of: CidrValue, { ip }: IpValue) => holds(of, ip),
  "net.CIDR.containsCIDR(string): bool": (of: CidrValue, text: string) => holdsRange(of, cidrOf(text)),
  "net.CIDR.containsCIDR(net.CIDR): bool": holdsRange,
  "net.CIDR.ip(): net.IP": ({ ip }: CidrValue) => new IpValue(ip),
  "net.CIDR.prefixLength(): int": ({ bits }: CidrValue) => BigInt(bits),
  "net.CIDR.masked(): net.CIDR": (of: CidrValue) => new CidrValue({ family: of.ip.family, value: of.base }, of.bits),
};
