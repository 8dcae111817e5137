import type { ControllerRevision as T } from "../generated/apps-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const ControllerRevision = defineKind<T>({ ...facts["apps/v1/controllerrevisions"] });
export type ControllerRevision = T;
