import type { Event as T } from "../generated/events-v1.ts";
import { Event } from "../core/event.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";
import { convertEvent } from "./convert.ts";

export const EventV1 = defineKind<T>({
  ...facts["events.k8s.io/v1/events"],
  cells: (event, context) => Event.cells!(convertEvent(event, Event) as Event, context),
  createOnUpdate: true,
  deletePropagation: "unsupported",
  selectableFields: {
    "regarding.kind": (event) => event.regarding?.kind ?? "",
    "regarding.namespace": (event) => event.regarding?.namespace ?? "",
    "regarding.name": (event) => event.regarding?.name ?? "",
    "regarding.uid": (event) => event.regarding?.uid ?? "",
    "regarding.apiVersion": (event) => event.regarding?.apiVersion ?? "",
    "regarding.resourceVersion": (event) => event.regarding?.resourceVersion ?? "",
    "regarding.fieldPath": (event) => event.regarding?.fieldPath ?? "",
    reason: (event) => event.reason ?? "",
    reportingController: (event) => event.reportingController ?? "",
    type: (event) => event.type ?? "",
  },
});
export type EventV1 = T;
