import type { ResourceSlice as T } from "../generated/resource-v1.ts";
import { age } from "../cells.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind, type WriteContext } from "../kind.ts";
import { formatTime } from "../../lib/platform.ts";
import { validateSliceSpec } from "./slice-validation.ts";

export const ResourceSlice = defineKind<T>({
  ...facts["resource.k8s.io/v1/resourceslices"],
  cells(slice, context) {
    const { nodeName = "", driver, pool } = slice.spec;
    return [slice.metadata.name, nodeName, driver, pool.name, age(slice, context)];
  },
  returnDeletedObject: true,
  setDefaults({ spec }) {
    for (const { nodeAllocatableResourceMappings = {} } of spec?.devices ?? [])
      for (const mapping of Object.values(nodeAllocatableResourceMappings)) mapping.allocationMultiplier ??= "1";
  },
  prepareForCreate: stampTaints,
  prepareForUpdate: (slice, _old, context) => stampTaints(slice, context),
  validate: ({ spec }, _context, old) => validateSliceSpec(spec, old?.spec),
  generation: true,
  selectableFields: {
    "spec.nodeName": (slice) => slice.spec.nodeName ?? "",
    "spec.driver": (slice) => slice.spec.driver,
  },
  unknownField: (field) => `field label not supported for resource.k8s.io/v1, Kind=ResourceSlice: ${field}`,
});
export type ResourceSlice = T;

function stampTaints({ spec }: T, { now }: WriteContext): void {
  for (const { taints = [] } of spec?.devices ?? []) for (const taint of taints) taint.timeAdded ??= formatTime(now);
}
