import { age } from "../cells.ts";
import { facts } from "../generated/kinds.ts";
import type { StorageClass as T } from "../generated/storage-v1.ts";
import { deprecatedNodeLabel } from "../core/validation/node-selector.ts";
import { defineKind } from "../kind.ts";
import { duplicate, invalidValue, notSupported, required, type FieldError } from "../../apimachinery/field-error.ts";
import { isLabelKey } from "../../apimachinery/validation.ts";
import { validateParameters, validateProvisioner } from "./provisioner.ts";

export const StorageClass = defineKind<T>({
  ...facts["storage.k8s.io/v1/storageclasses"],
  cells(storage, context) {
    const { metadata, provisioner, reclaimPolicy = "Delete", volumeBindingMode = "Immediate" } = storage;
    const isDefault = DEFAULT_ANNOTATIONS.some((key) => metadata.annotations?.[key] === "true");
    const name = isDefault ? `${metadata.name} (default)` : metadata.name;
    return [name, provisioner, reclaimPolicy, volumeBindingMode, storage.allowVolumeExpansion ?? false, age(storage, context)];
  },
  returnDeletedObject: true,
  immutable: ["parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"],
  warnings: ({ allowedTopologies = [] }) =>
    allowedTopologies.flatMap(({ matchLabelExpressions = [] }, i) =>
      matchLabelExpressions.flatMap(({ key }, j) => {
        const text = deprecatedNodeLabel(key);
        return text ? [`allowedTopologies[${i}].matchLabelExpressions[${j}].key: ${text}`] : [];
      }),
    ),
  setDefaults(storage) {
    storage.reclaimPolicy ??= "Delete";
    storage.volumeBindingMode ??= "Immediate";
  },
  validate({ provisioner, parameters, reclaimPolicy, volumeBindingMode, allowedTopologies }) {
    const oneOf = (field: string, value: string | undefined, known: string[]) =>
      value === undefined || known.includes(value) ? [] : [notSupported(field, value, known)];
    return [
      ...validateProvisioner("provisioner", provisioner),
      ...validateParameters("parameters", parameters),
      ...oneOf("reclaimPolicy", reclaimPolicy || undefined, ["Delete", "Retain"]),
      ...oneOf("volumeBindingMode", volumeBindingMode, ["Immediate", "WaitForFirstConsumer"]),
      ...validateTopologies(allowedTopologies ?? []),
    ];
  },
});
export type StorageClass = T;

const DEFAULT_ANNOTATIONS = ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"];

/** Every term says something of its own; upstream finds one without expressions to be the same as each that there is room for. */
function validateTopologies(terms: NonNullable<T["allowedTopologies"]>): FieldError[] {
  const errors: FieldError[] = [];
  const before = terms.map(() => "{}");
  for (const [i, { matchLabelExpressions = [] }] of terms.entries()) {
    const at = `allowedTopologies[${i}].matchLabelExpressions`;
    const values = new Map<string, string[]>();
    for (const [j, expression] of matchLabelExpressions.entries()) {
      errors.push(...validateExpression(expression, `${at}[${j}]`));
      if (values.has(expression.key)) errors.push(duplicate(`${at}[${j}].key`, expression.key));
      values.set(expression.key, [...new Set(expression.values)].sort());
    }
    const term = JSON.stringify(Object.fromEntries([...values].sort(([a], [b]) => (a < b ? -1 : 1))));
    for (const other of before) if (other === term) errors.push(duplicate(at, ""));
    before.push(term);
  }
  return errors;
}

function validateExpression({ key = "", values = [] }: { key?: string; values?: string[] }, at: string): FieldError[] {
  return [
    ...(values.length ? [] : [required(`${at}.values`)]),
    ...values.flatMap((value, i) => (values.indexOf(value) < i ? [duplicate(`${at}.values[${i}]`, value)] : [])),
    ...isLabelKey(key).map((text) => invalidValue(`${at}.key`, key, text)),
  ];
}
