import type { ConfigMap as T } from "../generated/core-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const ConfigMap = defineKind<T>({ ...facts["v1/configmaps"] });
export type ConfigMap = T;
