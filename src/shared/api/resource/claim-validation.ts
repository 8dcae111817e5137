/**
 * Claims of devices: what is asked for, and what was given.
 *
 * @source pkg/apis/resource/validation/validation.go v1.36
 */
import { forbidden, invalidValue, notSupported, required, tooMany, type FieldError } from "../../apimachinery/field-error.ts";
import { deepEqual } from "../../apimachinery/patch/index.ts";
import { validateConditions } from "../../apimachinery/validation-conditions.ts";
import { isDNS1123Label, isDNS1123Subdomain } from "../../apimachinery/validation.ts";
import { validateNodeSelector } from "../core/validation/node-selector.ts";
import { validateDriverName } from "../core/validation/volume-sources.ts";
import type {
  AllocatedDeviceStatus,
  AllocationResult,
  DeviceClaim,
  DeviceConstraint,
  DeviceRequest,
  DeviceRequestAllocationResult,
  DeviceSubRequest,
  ResourceClaim,
} from "../generated/resource-v1.ts";
import {
  validateBinding,
  validateConfiguration,
  validateFullyQualifiedName,
  validatePoolName,
  validateRaw,
  validateSelectors,
  validateSet,
  validateSlice,
  validateToleration,
} from "./validation.ts";

const MAX_REQUESTS = 32;
const MAX_CONSTRAINTS = 32;
const MAX_CONFIG = 32;
const MAX_ALTERNATIVES = 8;
const MAX_RESERVED = 256;
const MAX_CONDITIONS = 8;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const itself = (name: string) => name;
const label = (path: string, name: string) => isDNS1123Label(name).map((text) => invalidValue(path, name, text));

export function validateDevices(path: string, devices: DeviceClaim = {}): FieldError[] {
  const reference = referenceTo(devices);
  const requests = (at: string, names: readonly string[] | undefined) =>
    validateSet(`${at}.requests`, names, MAX_REQUESTS, itself, reference);
  return [
    ...validateSet(`${path}.requests`, devices.requests, MAX_REQUESTS, ({ name }) => name, validateRequest),
    ...validateSlice(`${path}.constraints`, devices.constraints, MAX_CONSTRAINTS, (at, one) => [
      ...requests(at, one.requests),
      ...validateConstraint(at, one),
    ]),
    ...validateSlice(`${path}.config`, devices.config, MAX_CONFIG, (at, one) => [
      ...requests(at, one.requests),
      ...validateConfiguration(at, one),
    ]),
  ];
}

/** `gpu`, or `gpu/large` for an alternative of it. */
function referenceTo({ requests = [] }: DeviceClaim): (path: string, name: string) => FieldError[] {
  const known = new Set(
    requests.flatMap(({ name, firstAvailable = [] }) => [name, ...firstAvailable.map((sub) => `${name}/${sub.name}`)]),
  );
  const text = "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";
  return (path, name) => {
    const segments = name.split("/");
    const odd = segments.length > 2 ? [] : segments.flatMap((segment) => label(path, segment));
    return known.has(name) ? odd : [...odd, invalidValue(path, name, text)];
  };
}

function validateRequest(path: string, { name, exactly, firstAvailable = [] }: DeviceRequest): FieldError[] {
  const errors = label(`${path}.name`, name ?? "");
  const one = "exactly one of `exactly` or `firstAvailable` is required";
  if (exactly && firstAvailable.length) return [...errors, invalidValue(path, null, `${one}, but multiple fields are set`)];
  if (exactly) return [...errors, ...validateWanted(`${path}.exactly`, exactly)];
  if (!firstAvailable.length) return [...errors, required(path, one)];
  const alternatives = validateSet(
    `${path}.firstAvailable`,
    firstAvailable,
    MAX_ALTERNATIVES,
    (sub) => sub.name,
    (at, sub) => [...label(`${at}.name`, sub.name ?? ""), ...validateWanted(at, sub)],
  );
  return [...errors, ...alternatives];
}

function validateWanted(path: string, wanted: Omit<DeviceSubRequest, "name">): FieldError[] {
  const { deviceClassName: name = "", selectors, tolerations = [] } = wanted;
  const at = `${path}.deviceClassName`;
  return [
    ...(name ? isDNS1123Subdomain(name).map((text) => invalidValue(at, name, text)) : [required(at)]),
    ...validateSelectors(`${path}.selectors`, selectors),
    ...validateMode(path, wanted),
    ...tolerations.flatMap((toleration, i) => validateToleration(`${path}.tolerations[${i}]`, toleration)),
  ];
}

function validateMode(path: string, { allocationMode: mode, count = 0 }: Omit<DeviceSubRequest, "name">): FieldError[] {
  const at = `${path}.count`;
  if (mode === "All") return count ? [invalidValue(at, count, "must not be specified when allocationMode is 'All'")] : [];
  if (mode === "ExactCount") return count > 0 ? [] : [invalidValue(at, count, "must be greater than zero")];
  return [notSupported(`${path}.allocationMode`, mode ?? "", ["All", "ExactCount"])];
}

function validateConstraint(path: string, { matchAttribute, distinctAttribute }: DeviceConstraint): FieldError[] {
  if (matchAttribute !== undefined) return validateFullyQualifiedName(`${path}.matchAttribute`, matchAttribute);
  if (distinctAttribute !== undefined) return validateFullyQualifiedName(`${path}.distinctAttribute`, distinctAttribute);
  const text = 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set';
  return [required(path, text)];
}

export function validateClaimStatus(claim: ResourceClaim, old: ResourceClaim): FieldError[] {
  const { allocation, reservedFor = [], devices } = claim.status ?? {};
  const reference = referenceTo(claim.spec.devices ?? {});
  const errors = [
    ...validateSet(
      "status.reservedFor",
      reservedFor,
      MAX_RESERVED,
      ({ uid }) => uid,
      (path, user) =>
        (["resource", "name", "uid"] as const).flatMap((member) => (user[member] ? [] : [required(`${path}.${member}`)])),
    ),
    ...validateDeviceStatuses(devices, allocation),
    ...validateReservations(claim, old),
  ];
  const before = old.status?.allocation;
  if (allocation && before && !deepEqual(allocation, before))
    errors.push(invalidValue("status.allocation", allocation, "field is immutable"));
  if (allocation && !before) errors.push(...validateAllocation("status.allocation", allocation, reference));
  return errors;
}

function validateReservations(claim: ResourceClaim, old: ResourceClaim): FieldError[] {
  const { allocation, reservedFor = [] } = claim.status ?? {};
  const path = "status.reservedFor";
  if (!reservedFor.length) return [];
  if (!allocation) return [forbidden(path, "may not be specified when `allocated` is not set")];
  const had = old.status?.reservedFor ?? [];
  const added = reservedFor.some((user) => !had.some((one) => deepEqual(one, user)));
  const text = "new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set";
  return claim.metadata.deletionTimestamp && added ? [forbidden(path, text)] : [];
}

type Reference = (path: string, name: string) => FieldError[];

function validateAllocation(path: string, { devices, nodeSelector }: AllocationResult, reference: Reference): FieldError[] {
  const { results, config } = devices ?? {};
  return [
    ...validateSlice(`${path}.devices.results`, results, MAX_REQUESTS, (at, one) => validateResult(at, one, reference)),
    ...validateSlice(`${path}.devices.config`, config, 2 * MAX_CONFIG, (at, one) => [
      ...validateSource(`${at}.source`, one.source),
      ...validateSet(`${at}.requests`, one.requests, MAX_REQUESTS, itself, reference),
      ...validateConfiguration(at, one),
    ]),
    ...(nodeSelector ? validateNodeSelector(`${path}.nodeSelector`, nodeSelector) : []),
  ];
}

const SOURCES = ["FromClaim", "FromClass"];

function validateSource(path: string, source: string | undefined): FieldError[] {
  if (!source) return [required(path)];
  return SOURCES.includes(source) ? [] : [notSupported(path, source, SOURCES)];
}

function validateResult(path: string, result: DeviceRequestAllocationResult, reference: Reference): FieldError[] {
  return [
    ...reference(`${path}.request`, result.request ?? ""),
    ...validateDevice(path, result),
    ...validateBinding(path, result.bindingConditions, result.bindingFailureConditions),
    ...validateShare(`${path}.shareID`, result.shareID),
  ];
}

interface DeviceName {
  driver?: string;
  pool?: string;
  device?: string;
  shareID?: string;
}

const validateDevice = (path: string, { driver = "", pool = "", device = "" }: DeviceName): FieldError[] => [
  ...validateDriverName(`${path}.driver`, driver),
  ...validatePoolName(`${path}.pool`, pool),
  ...label(`${path}.device`, device),
];

function validateShare(path: string, id: string | undefined): FieldError[] {
  if (id === undefined || UUID.test(id)) return [];
  const text =
    "uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal characters";
  return [invalidValue(path, id, text)];
}

const deviceId = ({ driver, pool, device, shareID }: DeviceName) =>
  [driver, pool, device, ...(shareID ? [shareID] : [])].join("/");

function validateDeviceStatuses(
  devices: readonly AllocatedDeviceStatus[] = [],
  allocation: AllocationResult | undefined,
): FieldError[] {
  const allocated = new Set((allocation?.devices?.results ?? []).map(deviceId));
  return validateSet("status.devices", devices, Infinity, deviceId, (path, device) => {
    const errors = [...validateDevice(path, device), ...validateShare(`${path}.shareID`, device.shareID)];
    const id = deviceId(device);
    if (!allocated.has(id)) errors.push(invalidValue(path, id, "must be an allocated device in the claim"));
    const count = device.conditions?.length ?? 0;
    if (count > MAX_CONDITIONS) errors.push(tooMany(`${path}.conditions`, count, MAX_CONDITIONS));
    errors.push(...validateConditions(`${path}.conditions`, device.conditions));
    if (device.data !== undefined) errors.push(...validateRaw(`${path}.data`, device.data));
    return errors;
  });
}

/** What is not said about a request: one device, exactly, and tolerations of equal values. */
export function setClaimDefaults({ requests = [] }: DeviceClaim = {}): void {
  for (const { exactly, firstAvailable = [] } of requests)
    for (const wanted of exactly ? [exactly, ...firstAvailable] : firstAvailable) {
      wanted.allocationMode ||= "ExactCount";
      if (wanted.allocationMode === "ExactCount") wanted.count ||= 1;
      for (const toleration of wanted.tolerations ?? []) toleration.operator ||= "Equal";
    }
}
