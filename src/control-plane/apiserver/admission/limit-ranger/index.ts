/**
 * LimitRanger: containers get the namespace's default requests and limits; what is too small, too large or out of proportion is refused.
 *
 * @source plugin/pkg/admission/limitranger v1.36
 */
import { LimitRange, PersistentVolumeClaim, Pod } from "../../../../shared/api/index.ts";
import type { AdmissionAttributes, AdmissionPlugin, ServerContext } from "../../types.ts";
import { concerns, refuse } from "../refuse.ts";
import { claimFaults, podFaults } from "./constraints.ts";
import { setDefaults } from "./defaults.ts";

export const limitRanger: AdmissionPlugin = {
  name: "LimitRanger",
  handles: (a) =>
    (a.operation === "CREATE" && (concerns(a, Pod) || concerns(a, PersistentVolumeClaim))) ||
    (a.operation === "UPDATE" && (concerns(a, PersistentVolumeClaim) || concerns(a, Pod, "resize"))),
  admit(attributes, server) {
    if (isLeaving(attributes) || attributes.kind.plural !== Pod.plural) return;
    for (const range of rangesIn(attributes.namespace, server)) setDefaults(attributes.object as Pod, range);
  },
  validate(attributes, server) {
    if (isLeaving(attributes)) return;
    for (const { spec } of rangesIn(attributes.namespace, server)) {
      const limits = spec?.limits ?? [];
      const isPod = attributes.kind.plural === Pod.plural;
      const faults = isPod
        ? podFaults((attributes.object as Pod).spec, limits)
        : claimFaults(attributes.object as PersistentVolumeClaim, limits);
      if (faults.length) throw refuse(attributes, faults.length === 1 ? faults[0]! : `[${faults.join(", ")}]`);
    }
  },
};

const isLeaving = ({ oldObject }: AdmissionAttributes) => oldObject?.metadata.deletionTimestamp !== undefined;

function rangesIn(namespace: string, server: ServerContext): LimitRange[] {
  const cache = server.cache(LimitRange);
  if (cache.size() === 0) return [];
  return [...cache.list()].filter((r) => r.metadata.namespace === namespace);
}
