import type { Lease as T } from "../generated/coordination-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const Lease = defineKind<T>({
  ...facts["coordination.k8s.io/v1/leases"],
  createOnUpdate: true,
  requireResourceVersion: true,
});
export type Lease = T;
