/**
 * Cluster addresses of Services: each is an IPAddress object named by the address, which makes it unique.
 *
 * @source pkg/registry/core/service/ipallocator/cidrallocator.go v1.36
 */
import { IPAddress, ServiceCIDR, type Service } from "../../../shared/api/index.ts";
import { decodeValue } from "../../../shared/apimachinery/decode.ts";
import type { KubeObject } from "../../../shared/apimachinery/meta.ts";
import { fieldScope, ownershipOfCreated } from "../../../shared/apimachinery/patch/index.ts";
import { cidrContains, formatIp, parseCidr, parseIp, type Cidr } from "../../../shared/lib/ip.ts";
import { formatTime } from "../../../shared/lib/platform.ts";
import type { Write } from "../../store/types.ts";
import { serialize } from "../cache/layout.ts";
import type { Core } from "../core.ts";
import { objectOf } from "../registry/convert.ts";
import { setOwners } from "../registry/ownership.ts";
import { storeKey } from "../registry/resources.ts";

export type Family = "IPv4" | "IPv6";

const MANAGER = "kube-apiserver";

/** Ranges that give out addresses now, the cluster's own first. */
export function serviceRanges(core: Core): Cidr[] {
  const served = core.resources.of(ServiceCIDR);
  const ranges = Array.from(served.resource.cache.values(), (entry) => objectOf(entry, served) as ServiceCIDR)
    .filter(isReady)
    .sort((a, b) => Number(b.metadata.name === "kubernetes") - Number(a.metadata.name === "kubernetes"));
  return ranges.flatMap(({ spec }) => (spec?.cidrs ?? []).flatMap((text) => parseCidr(text) ?? []));
}

function isReady({ metadata, status }: ServiceCIDR): boolean {
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  return !metadata.deletionTimestamp && ready?.status !== "False";
}

export const familyOfRange = (range: Cidr): Family => (range.family === 4 ? "IPv4" : "IPv6");

const keyOf = (core: Core, ip: string) => storeKey(core.resources.of(IPAddress).resource, "", ip);

export const isTaken = (core: Core, ip: string): boolean =>
  core.resources.of(IPAddress).resource.cache.get(keyOf(core, ip)) !== undefined;

/** An address that a Service may ask for: within a range, and neither its first nor (IPv4) its last. */
export function isInRange(ranges: readonly Cidr[], text: string): boolean {
  const ip = parseIp(text);
  return (
    ip !== undefined && ranges.some((range) => cidrContains(range, ip) && ip.value !== range.base && ip.value !== lastOf(range))
  );
}

function lastOf(range: Cidr): bigint | undefined {
  return range.family === 4 && range.bits < 31 ? range.base + sizeOf(range) - 1n : undefined;
}

const sizeOf = (range: Cidr) => 1n << BigInt((range.family === 4 ? 32 : 128) - range.bits);

/** The lower part of a range is for addresses that are asked for: given out only when the upper one is full. */
function reserved(size: bigint): bigint {
  const sixteenth = size / 16n;
  if (size <= 16n) return 0n;
  return sixteenth < 16n ? 16n : sixteenth > 256n ? 256n : sixteenth;
}

/** A free address, chosen at random; undefined where the ranges are full. */
export function freeAddress(core: Core, ranges: readonly Cidr[], family: Family): string | undefined {
  for (const range of ranges.filter((r) => familyOfRange(r) === family)) {
    const last = sizeOf(range) - (lastOf(range) === undefined ? 0n : 1n);
    const low = reserved(sizeOf(range)) || 1n;
    const found = probe(core, range, low, last) ?? probe(core, range, 1n, low);
    if (found) return found;
  }
  return undefined;
}

/** Looks through [`from`, `to`) from a random place on. */
function probe(core: Core, range: Cidr, from: bigint, to: bigint): string | undefined {
  const count = to - from;
  if (count <= 0n) return undefined;
  const start = BigInt(Math.floor(core.platform.random.next() * Number(count < 1n << 40n ? count : 1n << 40n)));
  for (let i = 0n; i < count; i++) {
    const ip = formatIp({ family: range.family, value: range.base + from + ((start + i) % count) });
    if (!isTaken(core, ip)) return ip;
  }
  return undefined;
}

export function takeAddress(core: Core, ip: string, service: Service): Write {
  const now = core.platform.clock.now();
  const { object } = decodeValue<KubeObject>(IPAddress.schema, {
    kind: IPAddress.kind,
    apiVersion: IPAddress.groupVersion,
    metadata: {
      name: ip,
      labels: {
        "ipaddress.kubernetes.io/ip-family": ip.includes(":") ? "IPv6" : "IPv4",
        "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io",
      },
    },
    spec: { parentRef: { resource: "services", namespace: service.metadata.namespace, name: service.metadata.name } },
  });
  setOwners(object, ownershipOfCreated(object, { scope: fieldScope(IPAddress, ""), manager: MANAGER, now }));
  object.metadata.uid = core.platform.random.uuid();
  object.metadata.creationTimestamp = formatTime(now);
  return { op: "put", key: keyOf(core, ip), value: serialize(IPAddress.schema, object), expected: 0 };
}

export const releaseAddress = (core: Core, ip: string): Write => ({ op: "delete", key: keyOf(core, ip) });
