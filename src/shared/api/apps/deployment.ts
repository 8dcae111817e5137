import type { Deployment as T } from "../generated/apps-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const Deployment = defineKind<T>({ ...facts["apps/v1/deployments"] });
export type Deployment = T;
