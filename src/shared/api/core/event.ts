import type { Event as T } from "../generated/core-v1.ts";
import { since } from "../cells.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind, type WriteContext } from "../kind.ts";
import { validateEvent, validateEventUpdate } from "./validation/event.ts";

export const Event = defineKind<T>({
  ...facts["v1/events"],
  cells(event, { now }) {
    const {
      series,
      source,
      involvedObject: { kind = "", name = "", fieldPath = "" },
    } = event;
    const first = since(event.firstTimestamp ?? event.eventTime ?? undefined, now);
    const last = series ? since(series.lastObservedTime, now) : event.lastTimestamp ? since(event.lastTimestamp, now) : first;
    const target = name ? `${kind.toLowerCase()}/${name}` : kind.toLowerCase();
    const reporter = source?.component || event.reportingComponent || "";
    const instance = source?.host || event.reportingInstance || "";
    const from = instance ? `${reporter}, ${instance}` : reporter;
    const head = [last, event.type ?? "", event.reason ?? "", target, fieldPath, from];
    return [...head, (event.message ?? "").trim(), first, series?.count || event.count || 1, event.metadata.name];
  },
  validate: (event, context, old) => (old ? [] : validateEvent(event, strictness(context))),
  validateUpdate: (event, old, context) => validateEventUpdate(event, old, strictness(context)),
  plainMetadata: (context) => !strictness(context).strict,
  createOnUpdate: true,
  ttlSeconds: 3600,
  deletePropagation: "unsupported",
  selectableFields: {
    "involvedObject.kind": (event) => event.involvedObject.kind ?? "",
    "involvedObject.namespace": (event) => event.involvedObject.namespace ?? "",
    "involvedObject.name": (event) => event.involvedObject.name ?? "",
    "involvedObject.uid": (event) => event.involvedObject.uid ?? "",
    "involvedObject.apiVersion": (event) => event.involvedObject.apiVersion ?? "",
    "involvedObject.resourceVersion": (event) => event.involvedObject.resourceVersion ?? "",
    "involvedObject.fieldPath": (event) => event.involvedObject.fieldPath ?? "",
    reason: (event) => event.reason ?? "",
    reportingComponent: (event) => event.reportingComponent ?? "",
    source: (event) => event.source?.component || event.reportingComponent || "",
    type: (event) => event.type ?? "",
  },
});
export type Event = T;

const strictness = ({ groupVersion }: WriteContext) => ({ strict: groupVersion === "events.k8s.io/v1" });
