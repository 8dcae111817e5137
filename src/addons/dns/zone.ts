/**
 * What the cluster's own names mean: Services and their endpoints by name, their addresses back to names. Reads caches only.
 *
 *     <service>.<namespace>.svc.<zone>                   A, AAAA: cluster address, or every ready endpoint of a headless Service
 *     _<port>._<protocol>.<service>.<namespace>.svc.<zone>   SRV
 *     <hostname>.<service>.<namespace>.svc.<zone>        one endpoint; without a host name it is called 10-244-0-7
 *     10-244-0-7.<namespace>.pod.<zone>                  that address
 *
 * @source https://github.com/kubernetes/dns/blob/master/docs/specification.md, version 1.1.0
 */
import type { EndpointSlice, Service } from "../../shared/api/index.ts";
import { hasClusterIP } from "../../shared/api/core/service-addresses.ts";
import { canonicalIp, ipBytes, parseIp } from "../../shared/lib/ip.ts";
import { nameBytes, rcodes, types, type Answer, type Rec } from "./message.ts";
import { addressOfDashed, dashed, labelsBelow, reverseAddress } from "./names.ts";

const SPECIFICATION = "1.1.0";
/** Seconds. Short: an address may be another pod's soon. */
const TTL = 5;

export interface ZoneView {
  service(namespace: string, name: string): Service | undefined;
  slices(namespace: string, service: string): readonly EndpointSlice[];
  hasNamespace(name: string): boolean;
  /** Services with this cluster address. */
  servicesAt(ip: string): readonly Service[];
  /** Slices with an endpoint of this address. */
  slicesAt(ip: string): readonly EndpointSlice[];
}

export interface ZoneOptions {
  /** E.g. `cluster.local`. */
  zone: string;
  dnsIp: string;
  view: ZoneView;
  /** Puts the addresses of a headless Service in another order each time. */
  shuffle<T>(items: T[]): T[];
}

export interface ZoneAnswer extends Answer {
  /** The answer ends in a CNAME to this name, whose records the client wants as well. */
  follow?: string;
}

interface Target {
  ip: string;
  /** Its label below the Service. */
  label: string;
}

interface Port {
  name: string;
  protocol: string;
  port: number;
}

export class Zone {
  readonly #options: ZoneOptions;

  constructor(options: ZoneOptions) {
    this.#options = options;
  }

  /** Undefined where the name is none of the cluster's business. */
  resolve(name: string, type: number): ZoneAnswer | undefined {
    const labels = labelsBelow(name, this.#options.zone);
    if (labels) return this.#inZone(name, labels, type);
    const ip = reverseAddress(name);
    return ip ? this.#reverse(name, ip, type) : undefined;
  }

  #inZone(name: string, labels: readonly string[], type: number): ZoneAnswer {
    const { zone, dnsIp, view } = this.#options;
    const [top, second, third] = labels.toReversed();
    if (top === undefined) return this.#apex(name, type);
    if (labels.length === 1 && top === "dns-version") {
      return this.#records(type === types.TXT ? [{ name, type, ttl: TTL, data: [textBytes(SPECIFICATION)] }] : []);
    }
    if (top === "dns")
      return labels.length === 1
        ? this.#noData()
        : name === `ns.dns.${zone}`
          ? this.#addresses(name, [dnsIp], type)
          : this.#noName();
    if (top !== "svc" && top !== "pod") return this.#noName();
    if (second === undefined) return this.#noData();
    if (top === "pod") return this.#pod(name, labels, type);
    if (third === undefined) return view.hasNamespace(second) ? this.#noData() : this.#noName();
    const service = view.service(second, third);
    return service ? this.#service(name, labels.slice(0, -3), service, type) : this.#noName();
  }

  #service(name: string, labels: readonly string[], service: Service, type: number): ZoneAnswer {
    const target = service.spec.externalName?.toLowerCase().replace(/\.$/, "");
    if (service.spec.type === "ExternalName" && target) {
      if (labels.length) return this.#noName();
      const alias = { name, type: types.CNAME, ttl: TTL, data: [target] };
      return { ...this.#records([alias]), ...(type !== types.CNAME && { follow: target }) };
    }
    if (labels.length === 0) return this.#serviceItself(name, service, type);
    const [first, second] = labels;
    if (labels.length === 2 && first!.startsWith("_") && second!.startsWith("_")) {
      const ports = this.#ports(service).filter((port) => `_${port.name}` === first && `_${port.protocol}` === second);
      return ports.length ? this.#srv(name, service, ports, type) : this.#noName();
    }
    if (labels.length > 1) return this.#noName();
    if (first!.startsWith("_"))
      return this.#ports(service).some(({ protocol }) => `_${protocol}` === first) ? this.#noData() : this.#noName();
    const targets = this.#targets(service).filter(({ label }) => label === first);
    return targets.length
      ? this.#addresses(
          name,
          targets.map(({ ip }) => ip),
          type,
        )
      : this.#noName();
  }

  #serviceItself(name: string, service: Service, type: number): ZoneAnswer {
    if (type === types.SRV) return this.#srv(name, service, this.#ports(service), type);
    if (hasClusterIP(service)) return this.#addresses(name, clusterIps(service), type);
    const ips = this.#targets(service).map(({ ip }) => ip);
    return this.#addresses(name, this.#options.shuffle([...new Set(ips)]), type);
  }

  /** One record per port, and for a headless Service per endpoint; the addresses come along. */
  #srv(name: string, service: Service, ports: readonly Port[], type: number): ZoneAnswer {
    if (type !== types.SRV) return this.#noData();
    const own = this.#serviceName(service);
    const targets = !hasClusterIP(service)
      ? this.#targets(service).map(({ ip, label }) => ({ ip, host: `${label}.${own}` }))
      : clusterIps(service).map((ip) => ({ ip, host: own }));
    const hosts = [...new Set(targets.map(({ host }) => host))];
    const weight = Math.max(1, Math.floor(100 / Math.max(1, hosts.length)));
    const answers = ports.flatMap(({ port }) =>
      hosts.map((host) => ({ name, type, ttl: TTL, data: [shorts(0, weight, port), nameBytes(host)] })),
    );
    return { ...this.#records(answers), additionals: targets.map(({ ip, host }) => addressRecord(host, ip)) };
  }

  #pod(name: string, labels: readonly string[], type: number): ZoneAnswer {
    if (labels.length < 3) return this.#noData();
    const ip = labels.length === 3 ? addressOfDashed(labels[0]!) : undefined;
    return ip ? this.#addresses(name, [ip], type) : this.#noName();
  }

  #reverse(name: string, ip: string, type: number): ZoneAnswer | undefined {
    const { view } = this.#options;
    const hosts = new Set(view.servicesAt(ip).map((service) => this.#serviceName(service)));
    for (const slice of view.slicesAt(ip)) {
      const service = view.service(slice.metadata.namespace!, slice.metadata.labels?.["kubernetes.io/service-name"] ?? "");
      if (!service || hasClusterIP(service)) continue;
      for (const target of this.#targets(service))
        if (target.ip === ip) hosts.add(`${target.label}.${this.#serviceName(service)}`);
    }
    if (!hosts.size) return undefined;
    return this.#records(type === types.PTR ? [...hosts].map((host) => ({ name, type, ttl: TTL, data: [host] })) : []);
  }

  #apex(name: string, type: number): ZoneAnswer {
    const { zone, dnsIp } = this.#options;
    if (type === types.SOA) return this.#records([this.#soa()]);
    if (type !== types.NS) return this.#noData();
    const host = `ns.dns.${zone}`;
    return { ...this.#records([{ name, type, ttl: TTL, data: [host] }]), additionals: [addressRecord(host, dnsIp)] };
  }

  /** Every ready endpoint; several addresses may share a host name. */
  #targets(service: Service): Target[] {
    const slices = this.#options.view.slices(service.metadata.namespace!, service.metadata.name!);
    const found = new Map<string, Target>();
    for (const { endpoints } of slices) {
      for (const { addresses, conditions, hostname } of endpoints ?? []) {
        if (conditions?.ready === false) continue;
        for (const ip of addresses ?? []) if (parseIp(ip)) found.set(`${ip} ${hostname}`, { ip, label: hostname || dashed(ip) });
      }
    }
    return [...found.values()];
  }

  /** A headless Service is known by the ports its endpoints have. */
  #ports(service: Service): Port[] {
    const named = (service.spec.ports ?? []).map(({ name = "", protocol = "TCP", port }) => ({
      name,
      protocol: protocol.toLowerCase(),
      port,
    }));
    if (hasClusterIP(service)) return named;
    const found = new Map<string, Port>();
    for (const { ports } of this.#options.view.slices(service.metadata.namespace!, service.metadata.name!)) {
      for (const { name = "", protocol = "TCP", port } of ports ?? []) {
        if (port) found.set(`${name} ${protocol} ${port}`, { name, protocol: protocol.toLowerCase(), port });
      }
    }
    return [...found.values()];
  }

  #serviceName({ metadata }: Service): string {
    return `${metadata.name}.${metadata.namespace}.svc.${this.#options.zone}`;
  }

  #addresses(name: string, ips: readonly string[], type: number): ZoneAnswer {
    const records = ips.map((ip) => addressRecord(name, ip));
    return this.#records(type === types.ANY ? records : records.filter((record) => record.type === type));
  }

  #records(answers: readonly Rec[]): ZoneAnswer {
    return answers.length ? { rcode: rcodes.NOERROR, authoritative: true, answers } : this.#noData();
  }

  /** The name is there, but has no such record. */
  #noData(): ZoneAnswer {
    return { rcode: rcodes.NOERROR, authoritative: true, authorities: [this.#soa()] };
  }

  #noName(): ZoneAnswer {
    return { rcode: rcodes.NXDOMAIN, authoritative: true, authorities: [this.#soa()] };
  }

  /** How long a "no" may be remembered stands in its last number. */
  #soa(): Rec {
    const { zone } = this.#options;
    return {
      name: zone,
      type: types.SOA,
      ttl: TTL,
      data: [`ns.dns.${zone}`, `hostmaster.${zone}`, longs(1, 7200, 1800, 86_400, TTL)],
    };
  }
}

function clusterIps({ spec }: Service): string[] {
  return (spec.clusterIPs ?? [spec.clusterIP]).map((ip) => canonicalIp(ip ?? "")).filter((ip) => ip !== undefined);
}

function addressRecord(name: string, ip: string): Rec {
  const address = parseIp(ip)!;
  return { name, type: address.family === 4 ? types.A : types.AAAA, ttl: TTL, data: [ipBytes(address)] };
}

const textBytes = (text: string) => Buffer.from(`${String.fromCharCode(text.length)}${text}`, "latin1");
const shorts = (...values: number[]) => Uint8Array.from(values.flatMap((value) => [value >> 8, value & 255]));
const longs = (...values: number[]) =>
  Uint8Array.from(values.flatMap((value) => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255)));
