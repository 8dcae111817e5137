/**
 * Node ports of Services: each is a key in the store, which makes it unique; which ones are free is known from the Services themselves.
 *
 * @source pkg/registry/core/service/storage/alloc.go v1.36
 */
import { Service } from "../../../shared/api/index.ts";
import { hasNodePorts, needsHealthCheck, needsNodePort, nodePortsOf } from "../../../shared/api/core/service-ports.ts";
import { internalError } from "../../../shared/apimachinery/errors.ts";
import { invalidValue, type FieldError } from "../../../shared/apimachinery/field-error.ts";
import type { Write } from "../../store/types.ts";
import type { Core } from "../core.ts";
import { objectOf } from "../registry/convert.ts";
import { plainError } from "../registry/read.ts";

type Spec = Service["spec"];

const PORT_RANGE = { first: 30_000, last: 32_767 };

const KEY = "/allocations/nodeports/";

/** All ports a Service holds. */
export function portsOf({ spec }: Service): number[] {
  const ports = (spec.ports ?? []).flatMap(({ nodePort }) => nodePort || []);
  return [...new Set(spec.healthCheckNodePort ? [...ports, spec.healthCheckNodePort] : ports)];
}

function portsInUse(core: Core): Set<number> {
  const served = core.resources.of(Service);
  const used = new Set<number>();
  for (const entry of served.resource.cache.values())
    for (const port of portsOf(objectOf(entry, served) as Service)) used.add(port);
  return used;
}

/** Judges given ports and chooses the others. */
export function choosePorts(core: Core, service: Service, old: Service | undefined): FieldError[] {
  const { spec } = service;
  const used = portsInUse(core);
  const errors = !hasNodePorts(spec) ? [] : old ? updatePorts(core, spec, old, used) : createPorts(core, spec, used);
  if (errors.length === 0 && needsHealthCheck(spec) && !(old && needsHealthCheck(old.spec))) chooseHealthPort(core, spec, used);
  return errors;
}

/** The same port number of several protocols shares a node port. */
function createPorts(core: Core, spec: Spec, used: Set<number>): FieldError[] {
  const ports = spec.ports ?? [];
  const shared = new Map<number, number>();
  for (const [i, port] of ports.entries()) {
    if (!port.nodePort && !needsNodePort(spec)) continue;
    const known = shared.get(port.port);
    const asked = known === undefined ? ports.find((p) => p.port === port.port && p.nodePort)?.nodePort : port.nodePort;
    if (asked && asked !== known) {
      const error = take(used, asked);
      if (error) return [invalidValue(`spec.ports[${i}].nodePort`, asked, error)];
    }
    port.nodePort = asked ?? known ?? freePort(core, used);
    if (known === undefined) shared.set(port.port, port.nodePort);
  }
  return [];
}

function updatePorts(core: Core, spec: Spec, old: Service, used: Set<number>): FieldError[] {
  const own = new Set(nodePortsOf(old.spec));
  const seen = new Set<string>();
  for (const [i, port] of (spec.ports ?? []).entries()) {
    if (!port.nodePort && !needsNodePort(spec)) continue;
    const asked = port.nodePort;
    if (asked && !own.has(asked)) {
      const error = take(used, asked);
      if (error) return [invalidValue(`spec.ports[${i}].nodePort`, asked, error)];
      own.add(asked);
    }
    port.nodePort = asked || freePort(core, used);
    const shown = `{${port.protocol} ${port.nodePort}}`;
    if (seen.has(shown)) throw plainError(`duplicate nodePort: ${shown}`);
    seen.add(shown);
  }
  return [];
}

function chooseHealthPort(core: Core, spec: Spec, used: Set<number>): void {
  const asked = spec.healthCheckNodePort;
  const error = asked ? take(used, asked) : undefined;
  if (error) throw internalError(`failed to allocate requested HealthCheck NodePort ${asked}: ${error}`);
  spec.healthCheckNodePort = asked || freePort(core, used);
}

/** Returns why it cannot be had. */
function take(used: Set<number>, port: number): string | undefined {
  const { first, last } = PORT_RANGE;
  if (port < first || port > last) return `provided port is not in the valid range. The range of valid ports is ${first}-${last}`;
  if (used.has(port)) return "provided port is already allocated";
  used.add(port);
  return undefined;
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
