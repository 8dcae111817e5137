/** Addresses and ports of a Service: chosen, judged, and taken in the transaction that writes the Service. */
import type { Service } from "../../../shared/api/index.ts";
import { apiError, invalid, type ApiError } from "../../../shared/apimachinery/errors.ts";
import { invalidValue, type FieldError } from "../../../shared/apimachinery/field-error.ts";
import type { Write } from "../../store/types.ts";
import type { Core } from "../core.ts";
import type { CompanionRule, Companions } from "../registry/companions.ts";
import { initFamilies, needsClusterIP, normalizeClusterIPs, NONE } from "../../../shared/api/core/service-addresses.ts";
import { dropWhatTypeHasNot, keepAllocated } from "../../../shared/api/core/service-update.ts";
import {
  familyOfRange,
  type Family,
  freeAddress,
  isInRange,
  isTaken,
  releaseAddress,
  serviceRanges,
  takeAddress,
} from "./addresses.ts";
import { choosePorts, portsOf, releasePort, takePort } from "./node-ports.ts";

export const serviceCompanions: CompanionRule = {
  plan: (core, object, old) => plan(core, object as Service, old as Service | undefined),
  release: (core, object) => held(object as Service).map(({ ip, port }) => (ip ? releaseAddress(core, ip) : releasePort(port!))),
};

interface Held {
  ip?: string;
  port?: number;
}

const needsAddress = ({ spec }: Service) => needsClusterIP(spec) && spec.clusterIPs?.[0] !== NONE;

function held(service: Service): Held[] {
  const ips = needsAddress(service) ? (service.spec.clusterIPs ?? []) : [];
  return [...ips.map((ip) => ({ ip })), ...portsOf(service).map((port) => ({ port }))];
}

const idOf = ({ ip, port }: Held) => ip ?? String(port);

function plan(core: Core, service: Service, old: Service | undefined): Companions {
  if (old) keepAllocated(service.spec, old.spec);
  normalizeClusterIPs(service.spec, old?.spec);
  if (old) dropWhatTypeHasNot(service.spec, old.spec);
  const asked = new Set(held(service).map(idOf));
  const before = old ? held(old) : [];
  refuse(service, initFamilies(service.spec, old?.spec, familiesOf(core)));
  refuse(service, chooseAddresses(core, service, old));
  refuse(service, choosePorts(core, service, old));
  const now = held(service);
  const kept = new Set(now.map(idOf));
  const had = new Set(before.map(idOf));
  const taken = now.filter((one) => !had.has(idOf(one)));
  const released = before.filter((one) => !kept.has(idOf(one)));
  const writes: Write[] = [
    ...taken.map(({ ip, port }) => (ip ? takeAddress(core, ip, service) : takePort(port!, service))),
    ...released.map(({ ip, port }) => (ip ? releaseAddress(core, ip) : releasePort(port!))),
  ];
  return { writes, refused: (index) => refused(service, taken[index], asked) };
}

function familiesOf(core: Core): Family[] {
  return [...new Set(serviceRanges(core).map(familyOfRange))];
}

function refuse(service: Service, errors: readonly FieldError[]): void {
  if (errors.length) throw invalid({ group: "", resource: "Service" }, service.metadata.name, errors);
}

/** An address that is there stays: a change of it is for validation to refuse. */
function chooseAddresses(core: Core, service: Service, old: Service | undefined): FieldError[] {
  const { spec } = service;
  const kept = old && needsClusterIP(old.spec) ? (old.spec.ipFamilies?.length ?? 0) : 0;
  if (!needsAddress(service) || (kept > 0 && old!.spec.clusterIPs?.[0] === NONE)) return [];
  const ranges = serviceRanges(core);
  const ips = (spec.clusterIPs ??= []);
  const families = (spec.ipFamilies ?? []) as Family[];
  for (const [i, family] of families.entries()) {
    if (i < kept) continue;
    const given = ips[i];
    if (given) {
      const failed = (why: string) => [invalidValue("spec.clusterIPs", ips, `failed to allocate IP ${given}: ${why}`)];
      if (!isInRange(ranges, given)) return failed("the provided network does not match the current range");
      if (isTaken(core, given)) return failed("provided IP is already allocated");
      continue;
    }
    const ip = freeAddress(core, ranges, family);
    if (!ip) throw apiError(500, "InternalError", "failed to allocate a serviceIP: range is full");
    ips.push(ip);
  }
  spec.clusterIP ||= ips[0];
  return [];
}

/** Somebody took it in the same moment. */
function refused(service: Service, lost: Held | undefined, asked: ReadonlySet<string>): ApiError | undefined {
  if (!lost || !asked.has(idOf(lost))) return undefined;
  const ips = service.spec.clusterIPs;
  const error = lost.ip
    ? invalidValue("spec.clusterIPs", ips, `failed to allocate IP ${lost.ip}: provided IP is already allocated`)
    : invalidValue("spec.ports[0].nodePort", lost.port, "provided port is already allocated");
  return invalid({ group: "", resource: "Service" }, service.metadata.name, [error]);
}
