/** One port of one Service in one address family, with its endpoints: what every backend makes rules of. */
import type { EndpointSlice, Service } from "../../shared/api/index.ts";
import { canonicalIp, parseCidr, formatCidr, parseIp, type IpFamily } from "../../shared/lib/ip.ts";

export type Protocol = "tcp" | "udp" | "sctp";

export interface ServicePort {
  /** `namespace/name/protocol/port-name`, unique; every character of it may stand in the name of a chain. */
  id: string;
  namespace: string;
  name: string;
  portName: string;
  protocol: Protocol;
  clusterIp: string;
  port: number;
  /** 0 where the Service has none. */
  nodePort: number;
  externalIps: string[];
  /** Ingress addresses that packets arrive with, not those of a balancer that proxies. */
  loadBalancerIps: string[];
  /** Empty: any source. */
  sourceRanges: string[];
  /** Seconds that a client stays with its endpoint; undefined without session affinity. */
  affinitySeconds?: number;
  externalPolicyLocal: boolean;
  internalPolicyLocal: boolean;
  /** 0 where the Service has none. */
  healthCheckNodePort: number;
  endpoints: Endpoint[];
}

export interface Endpoint {
  ip: string;
  port: number;
  ready: boolean;
  serving: boolean;
  terminating: boolean;
  /** On this node. */
  local: boolean;
  zones: readonly string[];
  nodes: readonly string[];
}

export interface ServicePortInput {
  service: Service;
  slices: readonly EndpointSlice[];
  family: IpFamily;
  nodeName: string;
}

export const SERVICE_NAME_LABEL = "kubernetes.io/service-name";
/** Services and slices with one of these labels are not this proxy's: another's by name, or nobody's. */
const FOREIGN_LABELS = ["service.kubernetes.io/service-proxy-name", "service.kubernetes.io/headless"];

/**
 * The ports of a Service that this node has to serve in one family; none for a headless Service, an ExternalName, one of
 * another proxy, or one without an address in the family.
 *
 * @source pkg/proxy/serviceport.go, pkg/proxy/endpointslicecache.go at v1.36
 */
export function servicePorts({ service, slices, family, nodeName }: ServicePortInput): ServicePort[] {
  const { metadata, spec, status } = service;
  const inFamily = (texts: readonly (string | undefined)[] = []) =>
    texts.filter((text) => parseIp(text ?? "")?.family === family).map((text) => canonicalIp(text!)!);
  const [clusterIp] = inFamily(spec.clusterIPs ?? [spec.clusterIP]);
  if (!clusterIp || spec.type === "ExternalName" || isForeign(metadata)) return [];

  const vips = status?.loadBalancer?.ingress?.filter(({ ipMode }) => ipMode === undefined || ipMode === "VIP") ?? [];
  const shared = {
    namespace: metadata.namespace!,
    name: metadata.name!,
    clusterIp,
    externalIps: inFamily(spec.externalIPs),
    loadBalancerIps: inFamily(vips.map(({ ip }) => ip)),
    sourceRanges: sourceRanges(spec.loadBalancerSourceRanges ?? [], family),
    affinitySeconds:
      spec.sessionAffinity === "ClientIP" ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 10_800) : undefined,
    externalPolicyLocal: spec.externalTrafficPolicy === "Local",
    internalPolicyLocal: spec.internalTrafficPolicy === "Local",
    healthCheckNodePort: spec.healthCheckNodePort ?? 0,
  };
  return (spec.ports ?? []).map((port) => {
    const portName = port.name ?? "";
    const protocol = (port.protocol ?? "TCP").toLowerCase() as Protocol;
    return {
      ...shared,
      id: `${shared.namespace}/${shared.name}/${protocol}/${portName}`,
      portName,
      protocol,
      port: port.port,
      nodePort: port.nodePort ?? 0,
      endpoints: endpointsOf(slices, family, { portName, protocol, nodeName }),
    };
  });
}

const isForeign = ({ labels }: { labels?: Record<string, string> }) =>
  FOREIGN_LABELS.some((label) => labels?.[label] !== undefined);

/** A range that holds every address is as good as none. */
function sourceRanges(texts: readonly string[], family: IpFamily): string[] {
  const ranges = texts.map((text) => parseCidr(text.trim())).filter((range) => range?.family === family);
  return ranges.some((range) => range!.bits === 0) ? [] : ranges.map((range) => formatCidr(range!));
}

/** Sorted by address. Of two with one address (it was given to a new pod), the one that is not terminating counts. */
function endpointsOf(
  slices: readonly EndpointSlice[],
  family: IpFamily,
  wanted: { portName: string; protocol: Protocol; nodeName: string },
): Endpoint[] {
  const found = new Map<string, Endpoint>();
  for (const slice of slices) {
    if ((slice.addressType as string) !== `IPv${family}` || isForeign(slice.metadata)) continue;
    for (const { name = "", protocol = "TCP", port } of slice.ports ?? []) {
      if (name !== wanted.portName || protocol.toLowerCase() !== wanted.protocol || !port) continue;
      for (const endpoint of slice.endpoints ?? []) {
        const ip = canonicalIp(endpoint.addresses?.[0] ?? "");
        if (!ip) continue;
        const { ready = true, serving = true, terminating = false } = endpoint.conditions ?? {};
        if (terminating && found.has(`${ip} ${port}`)) continue;
        const local = endpoint.nodeName !== undefined && endpoint.nodeName === wanted.nodeName;
        const zones = endpoint.hints?.forZones?.map((zone) => zone.name) ?? [];
        const nodes = endpoint.hints?.forNodes?.map((node) => node.name) ?? [];
        found.set(`${ip} ${port}`, { ip, port, ready, serving, terminating, local, zones, nodes });
      }
    }
  }
  return [...found.keys()].sort().map((key) => found.get(key)!);
}
