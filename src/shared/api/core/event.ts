import type { Event as T } from "../generated/core-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const Event = defineKind<T>({ ...facts["v1/events"], createOnUpdate: true, deletePropagation: "unsupported" });
export type Event = T;
