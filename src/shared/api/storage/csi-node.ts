import type { CSINode as T } from "../generated/storage-v1.ts";
import { duplicate, invalidValue, required, type FieldError } from "../../apimachinery/field-error.ts";
import { deepEqual } from "../../apimachinery/patch/index.ts";
import { isQualifiedName } from "../../apimachinery/validation.ts";
import { age } from "../cells.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";
import { validateDriverName } from "../core/validation/volume-sources.ts";

export const CSINode = defineKind<T>({
  ...facts["storage.k8s.io/v1/csinodes"],
  cells: (node, context) => [node.metadata.name, node.spec.drivers?.length ?? 0, age(node, context)],
  requireResourceVersion: true,
  validate: ({ spec }) => validateDrivers(spec.drivers),
  validateUpdate: ({ spec }, old) => changedDrivers(spec.drivers, old.spec.drivers),
  returnDeletedObject: true,
});
export type CSINode = T;

type Driver = NonNullable<T["spec"]["drivers"]>[number];

const MAX_NODE_ID = 256;

const validateDrivers = (drivers: readonly Driver[] = []): FieldError[] =>
  drivers.flatMap((driver, i) => {
    const path = `spec.drivers[${i}]`;
    const errors = [...validateDriverName(`${path}.name`, driver.name), ...validateNodeId(`${path}.nodeID`, driver.nodeID)];
    const count = driver.allocatable?.count ?? 0;
    if (count < 0) errors.push(invalidValue(`${path}.allocatable.count`, count, "must be greater than or equal to 0"));
    if (drivers.findIndex(({ name }) => name === driver.name) < i) errors.push(duplicate(`${path}.name`, driver.name));
    return [...errors, ...validateTopologyKeys(path, driver.topologyKeys ?? [])];
  });

function validateNodeId(path: string, id: string): FieldError[] {
  if (!id) return [required(path)];
  return id.length > MAX_NODE_ID ? [invalidValue(path, id, `must be ${MAX_NODE_ID} characters or less`)] : [];
}

const validateTopologyKeys = (path: string, keys: readonly string[]): FieldError[] =>
  keys.flatMap((key, i) => [
    ...(key ? [] : [required(path)]),
    ...(keys.indexOf(key) < i ? [duplicate(path, key)] : []),
    ...isQualifiedName(key).map((text) => invalidValue(path, key, text)),
  ]);

/** An entry stays as it is, but for how much it takes. */
function changedDrivers(drivers: readonly Driver[] = [], old: readonly Driver[] = []): FieldError[] {
  return old.flatMap((was) =>
    drivers
      .filter(({ name }) => name === was.name)
      .filter((now) => !deepEqual({ ...now, allocatable: undefined }, { ...was, allocatable: undefined }))
      .map(({ name, nodeID, topologyKeys }) => {
        // Upstream prints its own type.
        const shown = { Name: name, NodeID: nodeID, TopologyKeys: topologyKeys?.length ? topologyKeys : null, Allocatable: null };
        return invalidValue("spec.drivers", shown, "field is immutable");
      }),
  );
}
