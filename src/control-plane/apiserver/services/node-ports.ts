/**
 * Node ports of Services: each is a key in the store, which makes it unique; which ones are free is known from the Services themselves.
 *
 * @source pkg/registry/core/service/storage/alloc.go v1.36
 */
import { Service } from "../../../shared/api/index.ts";
import { invalidValue, type FieldError } from "../../../shared/apimachinery/field-error.ts";
import type { Write } from "../../store/types.ts";
import type { Core } from "../core.ts";
import { objectOf } from "../registry/convert.ts";

export const PORT_RANGE = { first: 30_000, last: 32_767 };

const KEY = "/allocations/nodeports/";

export const needsNodePorts = ({ spec }: Service) =>
  spec.type === "NodePort" || (spec.type === "LoadBalancer" && spec.allocateLoadBalancerNodePorts !== false);

export const needsHealthPort = ({ spec }: Service) => spec.type === "LoadBalancer" && spec.externalTrafficPolicy === "Local";

/** All ports a Service holds. */
export function portsOf({ spec }: Service): number[] {
  const ports = (spec.ports ?? []).flatMap(({ nodePort }) => nodePort || []);
  return [...new Set(spec.healthCheckNodePort ? [...ports, spec.healthCheckNodePort] : ports)];
}

export function portsInUse(core: Core): Set<number> {
  const served = core.resources.of(Service);
  const used = new Set<number>();
  for (const entry of served.resource.cache.values())
    for (const port of portsOf(objectOf(entry, served) as Service)) used.add(port);
  return used;
}

/** An update that leaves node ports out keeps them, by the name of the port. */
export function keepPorts(service: Service, old: Service): void {
  if (needsHealthPort(service) && needsHealthPort(old)) service.spec.healthCheckNodePort ||= old.spec.healthCheckNodePort;
  if (!needsNodePorts(service) || !needsNodePorts(old)) return;
  const given = new Set((service.spec.ports ?? []).map((p) => p.nodePort));
  const before = new Map((old.spec.ports ?? []).map((p) => [p.name ?? "", p.nodePort]));
  for (const port of service.spec.ports ?? []) {
    const was = before.get(port.name ?? "");
    if (!port.nodePort && was && !given.has(was)) port.nodePort = was;
  }
}

/** A type without node ports does not keep those of an earlier type. */
export function dropPorts(service: Service, old: Service): void {
  const had = (s: Service) => s.spec.type === "NodePort" || s.spec.type === "LoadBalancer";
  if (had(old) && !had(service)) {
    const before = new Set((old.spec.ports ?? []).map((p) => p.nodePort));
    for (const port of service.spec.ports ?? []) if (before.has(port.nodePort)) delete port.nodePort;
    if (service.spec.externalTrafficPolicy === old.spec.externalTrafficPolicy) delete service.spec.externalTrafficPolicy;
  }
  if (needsHealthPort(old) && !needsHealthPort(service) && service.spec.healthCheckNodePort === old.spec.healthCheckNodePort)
    delete service.spec.healthCheckNodePort;
}

/** Judges given ports and chooses the others. The same port number of several protocols shares one. */
export function choosePorts(core: Core, service: Service, own: ReadonlySet<number>): FieldError[] {
  const used = portsInUse(core);
  for (const port of own) used.delete(port);
  const errors: FieldError[] = [];
  const ports = service.spec.ports ?? [];
  const shared = new Map<number, number>();
  ports.forEach(({ nodePort, port }, i) => {
    if (!nodePort) return;
    const path = `spec.ports[${i}].nodePort`;
    if (nodePort < PORT_RANGE.first || nodePort > PORT_RANGE.last)
      errors.push(
        invalidValue(
          path,
          nodePort,
          `provided port is not in the valid range. The range of valid ports is ${PORT_RANGE.first}-${PORT_RANGE.last}`,
        ),
      );
    else if (used.has(nodePort)) errors.push(invalidValue(path, nodePort, "provided port is already allocated"));
    shared.set(port, nodePort);
  });
  if (errors.length) return errors;
  const taken = new Set([...used, ...portsOf(service)]);
  if (needsNodePorts(service)) {
    for (const port of ports) {
      if (port.nodePort) continue;
      port.nodePort = shared.get(port.port) ?? freePort(core, taken);
      shared.set(port.port, port.nodePort);
    }
  }
  if (needsHealthPort(service)) service.spec.healthCheckNodePort ||= freePort(core, taken);
  return [];
}

/** The upper part of the range first: the lower is for ports that are asked for. */
function freePort(core: Core, taken: Set<number>): number {
  const split = PORT_RANGE.first + 86;
  const port = probe(core, taken, split, PORT_RANGE.last) ?? probe(core, taken, PORT_RANGE.first, split - 1);
  if (port === undefined) throw new Error("no node port is free");
  taken.add(port);
  return port;
}

function probe(core: Core, taken: ReadonlySet<number>, from: number, to: number): number | undefined {
  const count = to - from + 1;
  const start = Math.floor(core.platform.random.next() * count);
  for (let i = 0; i < count; i++) {
    const port = from + ((start + i) % count);
    if (!taken.has(port)) return port;
  }
  return undefined;
}

export function takePort(port: number, service: Service): Write {
  const { namespace, name } = service.metadata;
  return { op: "put", key: KEY + port, value: Buffer.from(`${namespace}/${name}`), expected: 0 };
}

export const releasePort = (port: number): Write => ({ op: "delete", key: KEY + port });
