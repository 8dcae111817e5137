/**
 * Slices: the devices of a pool, and where they are.
 *
 * @source pkg/apis/resource/validation/validation.go ValidateResourceSlice v1.36
 */
import { forbidden, invalidValue, notFoundValue, required, tooLong, type FieldError } from "../../apimachinery/field-error.ts";
import { deepEqual } from "../../apimachinery/patch/index.ts";
import { Quantity } from "../../apimachinery/quantity.ts";
import { byteLength, isDNS1123Label, isDNS1123Subdomain } from "../../apimachinery/validation.ts";
import { validateNodeSelector } from "../core/validation/node-selector.ts";
import { isNativeName, sortedEntries } from "../core/validation/resources.ts";
import { validateDriverName } from "../core/validation/volume-sources.ts";
import type {
  Counter,
  CounterSet,
  Device,
  DeviceAttribute,
  DeviceCapacity,
  ResourceSliceSpec as Spec,
} from "../generated/resource-v1.ts";
import { validateRequestPolicy } from "./request-policy.ts";
import {
  validateBinding,
  validateMap,
  validatePoolName,
  validateQualifiedName,
  validateSet,
  validateSlice,
  validateTaint,
} from "./validation.ts";

const MAX_DEVICES = 128;
const MAX_ADVANCED_DEVICES = 64;
const MAX_COUNTER_SETS = 8;
const MAX_CONSUMED_SETS = 2;
const MAX_ENTRIES = 32;
const MAX_VALUES = 48;
const MAX_TAINTS = 16;
const MAX_VALUE_BYTES = 64;
const FIXED = "field is immutable";

export function validateSliceSpec(spec: Spec, old?: Spec): FieldError[] {
  const { devices, sharedCounters, perDeviceNodeSelection: each } = spec;
  const errors = [...validateDriverName("spec.driver", spec.driver ?? ""), ...validatePool(spec)];
  if (old) errors.push(...validateFixed(spec, old));
  errors.push(...validatePlace(spec));
  if (sharedCounters && devices) errors.push(invalidValue("spec", "", "only one of `sharedCounters` or `devices` is allowed"));
  const max = devices?.some(isAdvanced) ? MAX_ADVANCED_DEVICES : MAX_DEVICES;
  const was = new Map((old?.devices ?? []).map((device) => [device.name, device]));
  const judge = (path: string, device: Device) =>
    validateDevice(path, device, { each: Boolean(each), old: was.get(device.name) });
  errors.push(...validateSet("spec.devices", devices, max, ({ name }) => name, judge));
  const counters = validateSet("spec.sharedCounters", sharedCounters, MAX_COUNTER_SETS, ({ name }) => name, validateCounters);
  return [...errors, ...counters];
}

function isAdvanced({ taints, consumesCounters, attributes }: Device): boolean {
  const lists = Object.values(attributes ?? {}).some((a) => a.bools ?? a.ints ?? a.strings ?? a.versions);
  return Boolean(taints?.length || consumesCounters?.length || lists);
}

function validatePool({ pool }: Spec): FieldError[] {
  const { name = "", resourceSliceCount: count = 0, generation = 0 } = pool ?? {};
  const errors = validatePoolName("spec.pool.name", name);
  if (count <= 0) errors.push(invalidValue("spec.pool.resourceSliceCount", count, "must be greater than zero"));
  if (generation < 0) errors.push(invalidValue("spec.pool.generation", generation, "must be greater than or equal to zero"));
  return errors;
}

function validateFixed(spec: Spec, old: Spec): FieldError[] {
  const errors: FieldError[] = [];
  if (spec.pool?.name !== old.pool?.name) errors.push(invalidValue("spec.pool.name", spec.pool?.name, FIXED));
  if (spec.driver !== old.driver) errors.push(invalidValue("spec.driver", spec.driver, FIXED));
  if (spec.nodeName !== old.nodeName) errors.push(invalidValue("spec.nodeName", spec.nodeName, FIXED));
  return errors;
}

type Place = Pick<Spec, "nodeName" | "nodeSelector" | "allNodes" | "perDeviceNodeSelection">;

/** Which ways of saying where are used; errors in each of them. */
function placesOf(path: string, place: Place, emptyName: string): { used: string[]; errors: FieldError[] } {
  const { nodeName, nodeSelector } = place;
  const [used, errors] = [[] as string[], [] as FieldError[]];
  if (nodeName) {
    used.push("`nodeName`");
    errors.push(...isDNS1123Subdomain(nodeName).map((text) => invalidValue(`${path}.nodeName`, nodeName, text)));
  } else if (nodeName !== undefined) errors.push(invalidValue(`${path}.nodeName`, nodeName, emptyName));
  if (nodeSelector) {
    used.push("`nodeSelector`");
    errors.push(...validateNodeSelector(`${path}.nodeSelector`, nodeSelector));
  }
  for (const name of ["allNodes", "perDeviceNodeSelection"] as const) {
    if (place[name]) used.push(`\`${name}\``);
    else if (place[name] === false) errors.push(invalidValue(`${path}.${name}`, false, "must be either unset or set to true"));
  }
  return { used, errors };
}

function validatePlace(spec: Spec): FieldError[] {
  const { used, errors } = placesOf("spec", spec, "must be either unset or set to a non-empty string");
  const terms = spec.nodeSelector?.nodeSelectorTerms ?? [];
  if (spec.nodeSelector && terms.length !== 1) {
    const text = "must have exactly one node selector term";
    errors.push(invalidValue("spec.nodeSelector.nodeSelectorTerms", terms, text));
  }
  const one = "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required";
  if (!used.length) errors.push(required("spec", one));
  if (used.length > 1) errors.push(invalidValue("spec", `{${used.join(", ")}}`, `${one}, but multiple fields are set`));
  return errors;
}

const label = (path: string, name: string) => isDNS1123Label(name).map((text) => invalidValue(path, name, text));
const anything = () => [];

function validateCounters(path: string, { name, counters }: CounterSet): FieldError[] {
  return [...(name ? label(`${path}.name`, name) : [required(`${path}.name`)]), ...validateCounterMap(path, counters)];
}

function validateCounterMap(path: string, counters: Readonly<Record<string, Counter>> | undefined): FieldError[] {
  const at = `${path}.counters`;
  return Object.keys(counters ?? {}).length ? validateMap(at, counters, label, anything) : [required(at)];
}

interface DeviceContext {
  /** Each device says where it is. */
  each: boolean;
  old: Device | undefined;
}

function validateDevice(path: string, device: Device, { each, old }: DeviceContext): FieldError[] {
  const { attributes, capacity, taints, consumesCounters } = device;
  const shared = device.allowMultipleAllocations === true;
  return [
    ...label(`${path}.name`, device.name ?? ""),
    ...validateSize(path, device),
    ...validateMap(`${path}.attributes`, attributes, validateQualifiedName, validateAttribute),
    ...validateMap(`${path}.capacity`, capacity, validateQualifiedName, (at, one) => validateCapacity(at, one, { shared })),
    ...(old && deepEqual(old.taints, taints) ? [] : validateSlice(`${path}.taints`, taints, MAX_TAINTS, validateTaint)),
    ...validateSet(
      `${path}.consumesCounters`,
      consumesCounters,
      MAX_CONSUMED_SETS,
      ({ counterSet }) => counterSet,
      (at, { counterSet, counters }) => [
        ...(counterSet ? label(`${at}.counterSet`, counterSet) : [required(`${at}.counterSet`)]),
        ...validateCounterMap(at, counters),
      ],
    ),
    ...validateDevicePlace(path, device, each),
    ...validateBinding(path, device.bindingConditions, device.bindingFailureConditions),
    ...validateMappings(`${path}.nodeAllocatableResourceMappings`, device),
  ];
}

function validateSize(path: string, { attributes = {}, capacity = {} }: Device): FieldError[] {
  const entries = Object.keys(attributes).length + Object.keys(capacity).length;
  const lists = Object.values(attributes).map(({ bools, ints, strings, versions }) =>
    [bools, ints, strings, versions].reduce((sum, list) => sum + (list?.length ?? 0), 0),
  );
  const values = lists.reduce((sum, count) => sum + (count || 1), 0);
  const errors: FieldError[] = [];
  const refuse = (count: number, max: number, what: string) =>
    errors.push(invalidValue(path, count, `the total number of ${what} must not exceed ${max}`));
  if (entries > MAX_ENTRIES) refuse(entries, MAX_ENTRIES, "attributes and capacities");
  if (values > MAX_VALUES) refuse(values, MAX_VALUES, "attribute values");
  return errors;
}

const VALUES = ["int", "bool", "string", "version", "ints", "bools", "strings", "versions"] as const;
const GO_NAMES: Readonly<Record<string, string>> = {
  int: "IntValue",
  bool: "BoolValue",
  string: "StringValue",
  version: "VersionValue",
  ints: "IntValues",
  bools: "BoolValues",
  strings: "StringValues",
  versions: "VersionValues",
};

const SEMVER =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?$/;

function validateAttribute(path: string, attribute: DeviceAttribute): FieldError[] {
  const { string, version, strings, versions } = attribute;
  const set = VALUES.filter((name) => attribute[name] !== undefined);
  const errors: FieldError[] = [];
  if (string !== undefined) errors.push(...validateText(`${path}.string`, string));
  if (version !== undefined) errors.push(...validateVersion(`${path}.version`, version));
  for (const name of ["bools", "ints", "strings", "versions"] as const)
    if (attribute[name]?.length === 0) errors.push(invalidValue(`${path}.${name}`, [], "must not be empty if specified"));
  strings?.forEach((text, i) => errors.push(...validateText(`${path}.strings[${i}]`, text)));
  versions?.forEach((text, i) => errors.push(...validateVersion(`${path}.versions[${i}]`, text)));
  if (set.length === 1) return errors;
  // Upstream prints its own type.
  const shown = set.length ? Object.fromEntries(VALUES.map((name) => [GO_NAMES[name], attribute[name] ?? null])) : "";
  return [...errors, invalidValue(path, shown, "exactly one value must be specified")];
}

const validateText = (path: string, text: string): FieldError[] =>
  byteLength(text) > MAX_VALUE_BYTES ? [tooLong(path, MAX_VALUE_BYTES)] : [];

function validateVersion(path: string, text: string): FieldError[] {
  const wrong = SEMVER.test(text) ? [] : [invalidValue(path, text, "must be a string compatible with semver.org spec 2.0.0")];
  return [...wrong, ...validateText(path, text)];
}

function validateCapacity(path: string, { value, requestPolicy }: DeviceCapacity, { shared }: { shared: boolean }): FieldError[] {
  if (!requestPolicy) return [];
  const at = `${path}.requestPolicy`;
  return shared ? validateRequestPolicy(at, requestPolicy, value) : [forbidden(at, "allowMultipleAllocations must be true")];
}

function validateDevicePlace(path: string, device: Device, each: boolean): FieldError[] {
  const { nodeName, nodeSelector, allNodes } = device;
  if (!each) {
    const said = nodeName !== undefined || nodeSelector !== undefined || allNodes !== undefined;
    const text =
      "`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec";
    return said ? [invalidValue(path, null, text)] : [];
  }
  const { used, errors } = placesOf(path, { nodeName, nodeSelector, allNodes }, "must not be empty");
  const one =
    "exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec";
  if (!used.length) errors.push(required(path, one));
  if (used.length > 1) errors.push(invalidValue(path, `{${used.join(", ")}}`, one));
  return errors;
}

function validateMappings(path: string, { nodeAllocatableResourceMappings: mappings, capacity = {} }: Device): FieldError[] {
  return sortedEntries(mappings).flatMap(([name, { allocationMultiplier: factor, capacityKey: key }]) => {
    const at = `${path}[${name}]`;
    const errors: FieldError[] = [];
    if (!isNativeName(name)) errors.push(invalidValue(at, name, "must be a node allocatable resource name"));
    if (factor === undefined && key === undefined)
      errors.push(invalidValue(at, "", "at least one of allocationMultiplier or capacityKey must be set"));
    if (factor !== undefined && Quantity.parse(factor).cmp(Quantity.of(0)) <= 0)
      errors.push(invalidValue(`${at}.allocationMultiplier`, factor, "must be positive"));
    if (key === "") errors.push(invalidValue(`${at}.capacityKey`, "", "capacityKey must not be an empty string"));
    else if (key !== undefined && !(key in capacity)) errors.push(notFoundValue(`${at}.capacityKey`, key));
    return errors;
  });
}
