/**
 * Endpoints of a Service in one object, as slices had not come yet.
 *
 * @source pkg/apis/core/validation/validation.go, pkg/registry/core/endpoint/strategy.go v1.36
 */
import { invalidValue, notSupported, required, type FieldError } from "../../apimachinery/field-error.ts";
import { deepEqual } from "../../apimachinery/patch/json.ts";
import { isDNS1123Label, isDNS1123Subdomain, isValidPortNum, isQualifiedName } from "../../apimachinery/validation.ts";
import { validateEndpointIp, validateLegacyIp, warningsForIp } from "../../apimachinery/validation-ip.ts";
import { age, NONE } from "../cells.ts";
import type { EndpointAddress, EndpointPort, EndpointSubset, Endpoints as T } from "../generated/core-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

const PROTOCOLS = ["SCTP", "TCP", "UDP"];
const MANAGED_BY = "endpoints.kubernetes.io/managed-by";
const SHOWN = 3;

export const Endpoints = defineKind<T>({
  ...facts["v1/endpoints"],
  deprecation: "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
  createOnUpdate: true,
  revalidatesMetadata: true,
  setDefaults({ subsets = [] }) {
    for (const { ports = [] } of subsets) for (const port of ports) port.protocol ||= "TCP";
  },
  cells: (object, context) => [object.metadata.name, endpointsText(object.subsets), age(object, context)],
  // What once was stored may stay.
  validate: ({ subsets = [] }, _context, old) =>
    old && deepEqual(subsets, old.subsets ?? []) ? [] : subsets.flatMap((subset, i) => validateSubset(`subsets[${i}]`, subset)),
  warnings({ metadata, subsets = [] }) {
    if (metadata.labels?.[MANAGED_BY] === "endpoint-controller") return [];
    return subsets.flatMap((subset, i) =>
      (["addresses", "notReadyAddresses"] as const).flatMap((list) =>
        (subset[list] ?? []).flatMap(({ ip }, k) => warningsForIp(`subsets[${i}].${list}[${k}].ip`, ip)),
      ),
    );
  },
});
export type Endpoints = T;

function endpointsText(subsets: readonly EndpointSubset[] = []): string {
  if (subsets.length === 0) return NONE;
  const texts = subsets.flatMap(({ addresses = [], ports = [] }) => {
    const ips = addresses.map(({ ip }) => ip);
    if (ports.length === 0) return ips;
    return ports.flatMap(({ port }) => ips.map((ip) => (ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`)));
  });
  const shown = texts.slice(0, SHOWN).join(",");
  return texts.length > SHOWN ? `${shown} + ${texts.length - SHOWN} more...` : shown;
}

function validateSubset(field: string, { addresses = [], notReadyAddresses = [], ports = [] }: EndpointSubset): FieldError[] {
  const none = addresses.length === 0 && notReadyAddresses.length === 0;
  return [
    ...(none ? [required(field, "must specify `addresses` or `notReadyAddresses`")] : []),
    ...addresses.flatMap((address, i) => validateAddress(`${field}.addresses[${i}]`, address)),
    ...notReadyAddresses.flatMap((address, i) => validateAddress(`${field}.notReadyAddresses[${i}]`, address)),
    ...ports.flatMap((port, i) => validatePort(`${field}.ports[${i}]`, port, ports.length > 1)),
  ];
}

function validateAddress(field: string, { ip, hostname, nodeName }: EndpointAddress): FieldError[] {
  const errors = validateLegacyIp(`${field}.ip`, ip);
  if (hostname) errors.push(...isDNS1123Label(hostname).map((text) => invalidValue(`${field}.hostname`, hostname, text)));
  if (nodeName !== undefined)
    errors.push(...isDNS1123Subdomain(nodeName).map((text) => invalidValue(`${field}.nodeName`, nodeName, text)));
  return [...errors, ...validateEndpointIp(`${field}.ip`, ip)];
}

function validatePort(field: string, { name, port, protocol, appProtocol }: EndpointPort, named: boolean): FieldError[] {
  const errors: FieldError[] = [];
  if (named && !name) errors.push(required(`${field}.name`));
  else if (name) errors.push(...isDNS1123Label(name).map((text) => invalidValue(`${field}.name`, name, text)));
  errors.push(...isValidPortNum(port).map((text) => invalidValue(`${field}.port`, port, text)));
  if (!protocol) errors.push(required(`${field}.protocol`));
  else if (!PROTOCOLS.includes(protocol)) errors.push(notSupported(`${field}.protocol`, protocol, PROTOCOLS));
  if (appProtocol !== undefined)
    errors.push(...isQualifiedName(appProtocol).map((text) => invalidValue(`${field}.appProtocol`, appProtocol, text)));
  return errors;
}
