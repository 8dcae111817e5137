import type { Namespace as T } from "../generated/core-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const Namespace = defineKind<T>({ ...facts["v1/namespaces"], name: "label", returnDeletedObject: true });
export type Namespace = T;
