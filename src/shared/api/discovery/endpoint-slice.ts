/**
 * Slices of a Service's endpoints.
 *
 * @source pkg/apis/discovery/validation/validation.go, pkg/registry/discovery/endpointslice/strategy.go v1.36
 */
import { duplicate, invalidValue, notSupported, required, tooMany, type FieldError } from "../../apimachinery/field-error.ts";
import { deepEqual } from "../../apimachinery/patch/json.ts";
import {
  isDNS1123Label,
  isDNS1123Subdomain,
  isLabelValue,
  isQualifiedName,
  validateFullyQualifiedDomainName,
} from "../../apimachinery/validation.ts";
import {
  isIPv6String,
  validateEndpointIp,
  validateIp,
  validateLegacyIp,
  warningsForIp,
} from "../../apimachinery/validation-ip.ts";
import { age } from "../cells.ts";
import type { Endpoint, EndpointHints, EndpointPort, EndpointSlice as T } from "../generated/discovery-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

const ADDRESS_TYPES = ["FQDN", "IPv4", "IPv6"];
const PROTOCOLS = ["SCTP", "TCP", "UDP"];
const MAX = { addresses: 100, ports: 20_000, endpoints: 1000, hints: 8 };
const MANAGED_BY = "endpointslice.kubernetes.io/managed-by";
const CONTROLLERS = ["endpointslice-controller.k8s.io", "endpointslicemirroring-controller.k8s.io"];
const SHOWN = 3;

export const EndpointSlice = defineKind<T>({
  ...facts["discovery.k8s.io/v1/endpointslices"],
  generation: true,
  immutable: ["addressType"],
  setDefaults({ ports = [] }) {
    for (const port of ports) {
      port.name ??= "";
      port.protocol ??= "TCP";
    }
  },
  cells(object, context) {
    const ports = (object.ports ?? []).map(({ port, name }) => String(port ?? name ?? "*"));
    const addresses = (object.endpoints ?? []).flatMap((endpoint) => endpoint.addresses ?? []);
    return [object.metadata.name, object.addressType ?? "", shortList(ports), shortList(addresses), age(object, context)];
  },
  prepareForCreate: dropTopology,
  prepareForUpdate(slice, old) {
    if (!deepEqual(slice.endpoints ?? [], old.endpoints ?? [])) dropTopology(slice);
  },
  validate(slice, _context, old) {
    const errors = [...validateAddressType(slice.addressType), ...validatePorts(slice.ports)];
    // What once was stored may stay.
    if (old && deepEqual(slice.endpoints ?? [], old.endpoints ?? [])) return errors;
    return [...errors, ...validateEndpoints(slice)];
  },
  warnings({ metadata, addressType, endpoints = [] }, old) {
    const warnings = !old && addressType === "FQDN" ? ["spec.addressType: FQDN endpoints are deprecated"] : [];
    if (CONTROLLERS.includes(metadata.labels?.[MANAGED_BY] ?? "")) return warnings;
    for (const [i, { addresses = [] }] of endpoints.entries())
      for (const [k, ip] of addresses.entries()) warnings.push(...warningsForIp(`endpoints[${i}].addresses[${k}]`, ip));
    return warnings;
  },
});
export type EndpointSlice = T;

function shortList(texts: readonly string[]): string {
  const shown = texts.slice(0, SHOWN).join(",");
  return texts.length > SHOWN ? `${shown} + ${texts.length - SHOWN} more...` : shown || "<unset>";
}

/** Labels of nodes, which only the beta version had. */
function dropTopology({ endpoints = [] }: T): void {
  for (const endpoint of endpoints) delete endpoint.deprecatedTopology;
}

function validateAddressType(type: string): FieldError[] {
  if (!type) return [required("addressType")];
  return ADDRESS_TYPES.includes(type) ? [] : [notSupported("addressType", type, ADDRESS_TYPES)];
}

function validatePorts(ports: readonly EndpointPort[] = []): FieldError[] {
  if (ports.length > MAX.ports) return [tooMany("ports", ports.length, MAX.ports)];
  const names = new Set<string>();
  return ports.flatMap(({ name = "", protocol, appProtocol }, i) => {
    const field = `ports[${i}]`;
    const errors = name ? isDNS1123Label(name).map((text) => invalidValue(`${field}.name`, name, text)) : [];
    if (names.has(name)) errors.push(duplicate(`${field}.name`, name));
    names.add(name);
    if (protocol === undefined) errors.push(required(`${field}.protocol`));
    else if (!PROTOCOLS.includes(protocol)) errors.push(notSupported(`${field}.protocol`, protocol, PROTOCOLS));
    if (appProtocol !== undefined)
      errors.push(...isQualifiedName(appProtocol).map((text) => invalidValue(`${field}.appProtocol`, appProtocol, text)));
    return errors;
  });
}

function validateEndpoints({ endpoints = [], addressType }: T): FieldError[] {
  if (endpoints.length > MAX.endpoints) return [tooMany("endpoints", endpoints.length, MAX.endpoints)];
  return endpoints.flatMap((endpoint, i) => validateEndpoint(`endpoints[${i}]`, endpoint, addressType));
}

function validateEndpoint(field: string, endpoint: Endpoint, type: T["addressType"]): FieldError[] {
  const { addresses = [], nodeName, hostname, hints } = endpoint;
  const at = `${field}.addresses`;
  const errors: FieldError[] = [];
  if (addresses.length === 0) errors.push(required(at, "must contain at least 1 address"));
  else if (addresses.length > MAX.addresses) errors.push(tooMany(at, addresses.length, MAX.addresses));
  for (const [i, address] of addresses.entries()) errors.push(...validateAddress(at, i, address, type));
  if (nodeName !== undefined)
    errors.push(...isDNS1123Subdomain(nodeName).map((text) => invalidValue(`${field}.nodeName`, nodeName, text)));
  if (hostname !== undefined)
    errors.push(...isDNS1123Label(hostname).map((text) => invalidValue(`${field}.hostname`, hostname, text)));
  return hints ? [...errors, ...validateHints(`${field}.hints`, hints)] : errors;
}

function validateAddress(list: string, i: number, address: string, type: T["addressType"]): FieldError[] {
  const field = `${list}[${i}]`;
  if (type === "FQDN") return validateFullyQualifiedDomainName(field, address);
  if (type !== "IPv4" && type !== "IPv6") return [];
  const malformed = type === "IPv4" ? validateLegacyIp(field, address) : validateIp(field, address);
  if (malformed.length > 0) return malformed;
  const fits = isIPv6String(address) === (type === "IPv6");
  return [...(fits ? [] : [invalidValue(list, address, `must be an ${type} address`)]), ...validateEndpointIp(field, address)];
}

function validateHints(field: string, { forZones = [], forNodes = [] }: EndpointHints): FieldError[] {
  const errors = validateNames(`${field}.forZones`, forZones, isLabelValue);
  return forZones.length > MAX.hints ? errors : [...errors, ...validateNames(`${field}.forNodes`, forNodes, isDNS1123Subdomain)];
}

function validateNames(field: string, list: readonly { name: string }[], judge: (name: string) => string[]): FieldError[] {
  if (list.length > MAX.hints) return [tooMany(field, list.length, MAX.hints)];
  const seen = new Set<string>();
  return list.flatMap(({ name }, i) => {
    const at = `${field}[${i}].name`;
    const errors = seen.has(name) ? [duplicate(at, name)] : [];
    seen.add(name);
    return [...errors, ...judge(name).map((text) => invalidValue(at, name, text))];
  });
}
