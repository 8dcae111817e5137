import type { Event as T } from "../generated/events-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const EventV1 = defineKind<T>({
  ...facts["events.k8s.io/v1/events"],
  createOnUpdate: true,
  deletePropagation: "unsupported",
});
export type EventV1 = T;
