/** PersistentVolumeClaimResize: a claim grows only where it is bound and its storage class allows it. */
import { PersistentVolumeClaim, StorageClass } from "../../../shared/api/index.ts";
import { compareQuantities } from "../../../shared/apimachinery/quantity.ts";
import type { AdmissionPlugin } from "../types.ts";
import { concerns, refuse } from "./refuse.ts";

export const persistentVolumeClaimResize: AdmissionPlugin = {
  name: "PersistentVolumeClaimResize",
  handles: (a) => a.operation === "UPDATE" && concerns(a, PersistentVolumeClaim),
  validate(attributes, server) {
    const claim = attributes.object as PersistentVolumeClaim;
    const old = attributes.oldObject as PersistentVolumeClaim;
    if (compareQuantities(sizeOf(claim), sizeOf(old)) <= 0) return;
    if (old.status?.phase !== "Bound") throw refuse(attributes, "Only bound persistent volume claims can be expanded");
    const name = classOf(claim);
    if (name && name === classOf(old) && server.cache(StorageClass).get(name)?.allowVolumeExpansion) return;
    throw refuse(
      attributes,
      "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize",
    );
  },
};

const sizeOf = ({ spec }: PersistentVolumeClaim) => String(spec.resources?.requests?.storage ?? "0");

function classOf({ metadata, spec }: PersistentVolumeClaim): string | undefined {
  return metadata.annotations?.["volume.beta.kubernetes.io/storage-class"] ?? spec.storageClassName;
}
