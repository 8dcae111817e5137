import { invalidValue, type FieldError } from "../../apimachinery/field-error.ts";
import { isQualifiedName } from "../../apimachinery/validation.ts";
import type { Namespace as T } from "../generated/core-v1.ts";
import { age } from "../cells.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

const NAME_LABEL = "kubernetes.io/metadata.name";
/** What the namespace controller takes away when the namespace is empty. */
const FINALIZER = "kubernetes";

export const Namespace = defineKind<T>({
  ...facts["v1/namespaces"],
  cells: (namespace, context) => [namespace.metadata.name, namespace.status?.phase ?? "", age(namespace, context)],
  name: "label",
  revalidatesMetadata: true,
  returnDeletedObject: true,
  selectableFields: {
    name: (namespace) => namespace.metadata.name,
    "status.phase": (namespace) => namespace.status?.phase ?? "",
  },
  setDefaults(namespace) {
    if (namespace.metadata.name) (namespace.metadata.labels ??= {})[NAME_LABEL] = namespace.metadata.name;
  },
  prepareForCreate(namespace) {
    namespace.status = { phase: "Active" };
    // A generated name is there only now.
    if (namespace.metadata.name) (namespace.metadata.labels ??= {})[NAME_LABEL] = namespace.metadata.name;
    const finalizers = namespace.spec?.finalizers ?? [];
    if (!finalizers.includes(FINALIZER)) namespace.spec = { ...namespace.spec, finalizers: [...finalizers, FINALIZER] };
  },
  prepareForUpdate(namespace, old, { subresource }) {
    if (subresource !== "finalize") namespace.spec = { ...namespace.spec, finalizers: old.spec?.finalizers };
    if (!namespace.spec?.finalizers?.length) delete namespace.spec?.finalizers;
  },
  validate: (namespace, { subresource }, old) => (old && !subresource ? [] : validateFinalizers(namespace, subresource)),
  validateStatusUpdate: (namespace) => validatePhase(namespace),
  isHeld: (namespace) => Boolean(namespace.spec?.finalizers?.length),
  prepareForDelete(namespace) {
    namespace.status = { ...namespace.status, phase: "Terminating" };
  },
});
export type Namespace = T;

const validateFinalizers = ({ spec }: T, subresource: string): FieldError[] =>
  (spec?.finalizers ?? []).flatMap((name, i) =>
    validateFinalizer(subresource === "finalize" ? `spec.finalizers[${i}]` : "spec.finalizers", name),
  );

function validateFinalizer(path: string, finalizer: string): FieldError[] {
  const errors = isQualifiedName(finalizer).map((message) => invalidValue(path, finalizer, message));
  if (!finalizer.includes("/") && finalizer !== FINALIZER)
    errors.push(invalidValue(path, finalizer, "name is neither a standard finalizer name nor is it fully qualified"));
  return errors;
}

function validatePhase({ metadata, status }: T): FieldError[] {
  const terminating = Boolean(metadata.deletionTimestamp);
  const wanted = terminating ? "Terminating" : "Active";
  if (status?.phase === wanted) return [];
  const text = `may only be '${wanted}' if \`deletionTimestamp\` is ${terminating ? "not empty" : "empty"}`;
  return [invalidValue("status.Phase", status?.phase ?? "", text)];
}
