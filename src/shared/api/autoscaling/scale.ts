/** What `/scale` of every scalable kind speaks; it is not stored and has no resource of its own. */
import { invalidValue } from "../../apimachinery/field-error.ts";
import type { Scale as T } from "../generated/autoscaling-v1.ts";
import { age } from "../cells.ts";
import { defineKind } from "../kind.ts";

export const Scale = defineKind<T>({
  group: "autoscaling",
  version: "v1",
  kind: "Scale",
  plural: "",
  singular: "",
  scope: "Namespaced",
  shortNames: [],
  categories: [],
  verbs: [],
  definition: "io.k8s.api.autoscaling.v1.Scale",
  subresources: [],
  columns: [
    { name: "Name", type: "string" },
    { name: "Desired", type: "integer" },
    { name: "Available", type: "integer" },
    { name: "Age", type: "string" },
  ],
  cells: (scale, context) => [scale.metadata.name, scale.spec.replicas ?? 0, scale.status?.replicas ?? 0, age(scale, context)],
  validate({ spec: { replicas = 0 } }) {
    return replicas < 0 ? [invalidValue("spec.replicas", replicas, "must be greater than or equal to 0")] : [];
  },
});
export type Scale = T;
