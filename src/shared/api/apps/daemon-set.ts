import type { DaemonSet as T } from "../generated/apps-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const DaemonSet = defineKind<T>({ ...facts["apps/v1/daemonsets"] });
export type DaemonSet = T;
