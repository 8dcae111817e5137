import { humanDuration } from "../../apimachinery/duration.ts";
import { parseTime } from "../../lib/platform.ts";
import type { APIService as T } from "../generated/apiregistration-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const APIService = defineKind<T>({
  ...facts["apiregistration.k8s.io/v1/apiservices"],
  name: "path-segment",
  requireResourceVersion: true,
  cells(service, { now }) {
    const { metadata, spec, status } = service;
    const available = status?.conditions?.find(({ type }) => type === "Available");
    const state = !available ? "Unknown" : available.status === "True" ? "True" : `${available.status} (${available.reason})`;
    const target = spec?.service ? `${spec.service.namespace}/${spec.service.name}` : "Local";
    return [metadata.name, target, state, humanDuration(now - parseTime(metadata.creationTimestamp))];
  },
  setDefaults({ spec }) {
    if (spec?.service) spec.service.port ??= 443;
  },
});
export type APIService = T;
