/** Claims and ingresses that name no class get the cluster's default one. */
import { Ingress, IngressClass, PersistentVolumeClaim, StorageClass } from "../../../shared/api/index.ts";
import type { KubeObject } from "../../../shared/apimachinery/meta.ts";
import type { AdmissionPlugin } from "../types.ts";
import { concerns, refuse } from "./refuse.ts";

export const defaultStorageClass: AdmissionPlugin = {
  name: "DefaultStorageClass",
  handles: (a) => a.operation === "CREATE" && concerns(a, PersistentVolumeClaim),
  admit({ object }, server) {
    const claim = object as PersistentVolumeClaim;
    if (
      claim.spec.storageClassName !== undefined ||
      claim.metadata.annotations?.["volume.beta.kubernetes.io/storage-class"] !== undefined
    )
      return;
    const [newest] = defaults(server.cache(StorageClass).list(), [
      "storageclass.kubernetes.io/is-default-class",
      "storageclass.beta.kubernetes.io/is-default-class",
    ]);
    if (newest) claim.spec.storageClassName = newest.metadata.name!;
  },
};

export const defaultIngressClass: AdmissionPlugin = {
  name: "DefaultIngressClass",
  handles: (a) => a.operation === "CREATE" && concerns(a, Ingress),
  admit(attributes, server) {
    const ingress = attributes.object as Ingress;
    if (
      ingress.spec?.ingressClassName !== undefined ||
      ingress.metadata.annotations?.["kubernetes.io/ingress.class"] !== undefined
    )
      return;
    const found = defaults(server.cache(IngressClass).list(), ["ingressclass.kubernetes.io/is-default-class"]);
    if (found.length > 1) throw refuse(attributes, `${found.length} default IngressClasses were found, only 1 allowed`);
    if (found[0]) ingress.spec = { ...ingress.spec, ingressClassName: found[0].metadata.name! };
  },
};

/** Marked as default, newest first, then by name. */
function defaults<T extends KubeObject>(classes: Iterable<T>, annotations: readonly string[]): T[] {
  const marked = [...classes].filter(({ metadata }) => annotations.some((a) => metadata.annotations?.[a] === "true"));
  const rank = ({ metadata: { creationTimestamp = "", name = "" } }: T) => [creationTimestamp, name] as const;
  return marked.sort((a, b) => {
    const [[timeA, nameA], [timeB, nameB]] = [rank(a), rank(b)];
    if (timeA !== timeB) return timeA < timeB ? 1 : -1;
    return nameA < nameB ? -1 : 1;
  });
}
