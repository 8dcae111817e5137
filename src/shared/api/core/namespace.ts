import type { Namespace as T } from "../generated/core-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const Namespace = defineKind<T>({
  ...facts["v1/namespaces"],
  name: "label",
  returnDeletedObject: true,
  setDefaults({ metadata, status }) {
    if (metadata.name) (metadata.labels ??= {})["kubernetes.io/metadata.name"] = metadata.name;
    status.phase ??= "Active";
  },
  prepareForCreate(namespace) {
    namespace.status = { phase: "Active" };
    const finalizers = (namespace.spec.finalizers ??= []);
    if (!finalizers.includes(FINALIZER)) finalizers.push(FINALIZER);
    // A generated name is there only now.
    const { metadata } = namespace;
    if (metadata.name) (metadata.labels ??= {})["kubernetes.io/metadata.name"] = metadata.name;
  },
  prepareForUpdate(namespace, old) {
    namespace.spec.finalizers = old.spec.finalizers;
  },
});
export type Namespace = T;

/** Held by the namespace controller until everything in the namespace is gone. */
const FINALIZER = "kubernetes";
