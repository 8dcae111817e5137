import { invalidValue } from "../../apimachinery/field-error.ts";
import type { Lease as T } from "../generated/coordination-v1.ts";
import { age } from "../cells.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const Lease = defineKind<T>({
  ...facts["coordination.k8s.io/v1/leases"],
  cells: (lease, context) => [lease.metadata.name, lease.spec?.holderIdentity ?? "", age(lease, context)],
  createOnUpdate: true,
  requireResourceVersion: true,
  prepareForCreate: dropCoordination,
  prepareForUpdate: dropCoordination,
  validate({ spec }) {
    const { leaseDurationSeconds: duration, leaseTransitions: transitions } = spec ?? {};
    return [
      ...(duration !== undefined && duration <= 0
        ? [invalidValue("spec.leaseDurationSeconds", duration, "must be greater than 0")]
        : []),
      ...(transitions !== undefined && transitions < 0
        ? [invalidValue("spec.leaseTransitions", transitions, "must be greater than or equal to 0")]
        : []),
    ];
  },
});
export type Lease = T;

/** Both fields belong to coordinated leader election, a feature that is off by default. */
function dropCoordination({ spec }: T): void {
  delete spec?.strategy;
  delete spec?.preferredHolder;
}
