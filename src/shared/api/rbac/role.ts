import type { Role as T } from "../generated/rbac-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const Role = defineKind<T>({ ...facts["rbac.authorization.k8s.io/v1/roles"], name: "path-segment", createOnUpdate: true });
export type Role = T;
