import type { ClusterRole as T } from "../generated/rbac-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const ClusterRole = defineKind<T>({ ...facts["rbac.authorization.k8s.io/v1/clusterroles"] });
export type ClusterRole = T;
