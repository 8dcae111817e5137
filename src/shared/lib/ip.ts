/**
 * Internet addresses and ranges as numbers: parsed once, compared and counted as `bigint`, printed canonically
 * (RFC 5952 for IPv6, so that two spellings of one address become equal texts).
 */
export type IpFamily = 4 | 6;

export interface Ip {
  family: IpFamily;
  value: bigint;
}

export interface Cidr {
  family: IpFamily;
  /** First address: host bits are zero. */
  base: bigint;
  /** Prefix length in bits. */
  bits: number;
}

const WIDTH = { 4: 32, 6: 128 } as const;

/** Undefined where the text is no address. Octets with leading zeros are refused, as in Go. */
export function parseIp(text: string): Ip | undefined {
  return text.includes(":") ? parseIp6(text) : parseIp4(text);
}

export function formatIp({ family, value }: Ip): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join(".");
  const groups = Array.from({ length: 8 }, (_, i) => Number((value >> BigInt(112 - 16 * i)) & 0xffffn));
  if (groups.slice(0, 5).every((g) => g === 0) && groups[5] === 0xffff) {
    return `::ffff:${formatIp({ family: 4, value: value & 0xffffffffn })}`;
  }
  const zeros = longestZeroRun(groups);
  const hex = (part: number[]) => part.map((g) => g.toString(16)).join(":");
  return zeros.length < 2
    ? hex(groups)
    : `${hex(groups.slice(0, zeros.start))}::${hex(groups.slice(zeros.start + zeros.length))}`;
}

/** 4 or 16 bytes, the first the highest. */
export function ipBytes({ family, value }: Ip): Buffer {
  return Buffer.from(value.toString(16).padStart(WIDTH[family] / 4, "0"), "hex");
}

export function ipOfBytes(bytes: Uint8Array): Ip {
  return { family: bytes.length === 4 ? 4 : 6, value: BigInt(`0x${Buffer.from(bytes).toString("hex")}`) };
}

/** The canonical text of an address, or undefined where it is none. */
export function canonicalIp(text: string): string | undefined {
  const ip = parseIp(text);
  return ip && formatIp(ip);
}

/** `10.0.0.0/8`; host bits that are set are masked away. */
export function parseCidr(text: string): Cidr | undefined {
  const match = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text);
  const ip = match && parseIp(match[1]!);
  if (!ip) return undefined;
  const bits = Number(match[2]);
  if (bits > WIDTH[ip.family]) return undefined;
  const host = BigInt(WIDTH[ip.family] - bits);
  return { family: ip.family, base: (ip.value >> host) << host, bits };
}

export function formatCidr(cidr: Cidr): string {
  return `${formatIp({ family: cidr.family, value: cidr.base })}/${cidr.bits}`;
}

export function cidrContains(cidr: Cidr, ip: Ip): boolean {
  const host = BigInt(WIDTH[cidr.family] - cidr.bits);
  return cidr.family === ip.family && ip.value >> host === cidr.base >> host;
}

export function cidrsOverlap(a: Cidr, b: Cidr): boolean {
  if (a.family !== b.family) return false;
  const wider = a.bits <= b.bits ? a : b;
  return cidrContains(wider, { family: a.family, value: (wider === a ? b : a).base });
}

/** The `n`th address of a range, counted from its base; undefined beyond its end. */
export function cidrAddress(cidr: Cidr, n: number | bigint): string | undefined {
  const ip = { family: cidr.family, value: cidr.base + BigInt(n) };
  return cidrContains(cidr, ip) ? formatIp(ip) : undefined;
}

function parseIp4(text: string): Ip | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (!match) return undefined;
  let value = 0n;
  for (const octet of match.slice(1)) {
    if (Number(octet) > 255 || (octet.length > 1 && octet.startsWith("0"))) return undefined;
    value = (value << 8n) | BigInt(octet);
  }
  return { family: 4, value };
}

function parseIp6(text: string): Ip | undefined {
  const embedded = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  if (embedded) {
    const low = parseIp4(embedded[2]!);
    if (!low) return undefined;
    text = `${embedded[1]}${(low.value >> 16n).toString(16)}:${(low.value & 0xffffn).toString(16)}`;
  }
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half) => (half === "" ? [] : half.split(":")));
  const missing = 8 - head!.length - (tail?.length ?? 0);
  if (tail ? missing < 1 : missing !== 0) return undefined;
  const groups = tail ? [...head!, ...Array<string>(missing).fill("0"), ...tail] : head!;
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  return { family: 6, value: groups.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n) };
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
    start += length;
  }
  return best;
}
