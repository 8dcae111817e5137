import { invalidValue } from "../../apimachinery/field-error.ts";
import { deepEqual } from "../../apimachinery/patch/index.ts";
import type { ResourceClaim as T } from "../generated/resource-v1.ts";
import { age } from "../cells.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";
import { setClaimDefaults, validateClaimStatus, validateDevices } from "./claim-validation.ts";

export const ResourceClaim = defineKind<T>({
  ...facts["resource.k8s.io/v1/resourceclaims"],
  cells: (claim, context) => [claim.metadata.name, stateText(claim), age(claim, context)],
  returnDeletedObject: true,
  setDefaults: ({ spec }) => setClaimDefaults(spec?.devices),
  validate: ({ spec }, _context, old) => (old ? [] : validateDevices("spec.devices", spec?.devices)),
  validateUpdate: ({ spec }, old) => (deepEqual(spec, old.spec) ? [] : [invalidValue("spec", spec, "field is immutable")]),
  validateStatusUpdate: validateClaimStatus,
});
export type ResourceClaim = T;

function stateText({ metadata, status }: T): string {
  const states = metadata.deletionTimestamp ? ["deleted"] : [];
  if (status?.allocation) states.push("allocated", ...(status.reservedFor?.length ? ["reserved"] : []));
  else if (!metadata.deletionTimestamp) states.push("pending");
  return states.join(",");
}
