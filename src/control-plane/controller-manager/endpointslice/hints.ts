/**
 * Topology hints of services with a traffic distribution: each endpoint is meant for its own zone, and for its own node where that is asked.
 *
 * Without one, hints that are there are taken away from slices that change.
 *
 * @source staging/src/k8s.io/endpointslice/trafficdist/trafficdist.go v1.36
 */
import type { EndpointSlice, Service } from "../../../shared/api/index.ts";
import type { Endpoint, EndpointHints } from "../../../shared/api/generated/discovery-v1.ts";
import type { Draft } from "../../../shared/apimachinery/meta.ts";
import { sameOnTheWire } from "../common/write-status.ts";

export interface Slices {
  create: Draft<EndpointSlice>[];
  update: EndpointSlice[];
}

export function withHints(
  service: Service,
  create: Draft<EndpointSlice>[],
  update: EndpointSlice[],
  unchanged: readonly EndpointSlice[],
): Slices {
  const mode = service.spec?.trafficDistribution;
  const all = [...create, ...update, ...unchanged].flatMap((s) => (s.endpoints ?? []) as Endpoint[]);
  const hintsFor = (endpoint: Endpoint): EndpointHints | undefined =>
    mode && isComplete(all, mode) ? hintsOf(endpoint, mode) : undefined;
  const apply = <T extends { endpoints?: unknown[] }>(slice: T): T => ({
    ...slice,
    endpoints: ((slice.endpoints ?? []) as Endpoint[]).map((e) => withHint(e, hintsFor(e))),
  });
  const touched = unchanged.filter((slice) => slice.endpoints?.some((e) => !sameOnTheWire(e.hints, hintsFor(e))));
  return { create: create.map(apply), update: [...update, ...touched].map(apply) };
}

/** Hints are given to all ready endpoints or to none: a client must not lose some of them. */
function isComplete(endpoints: readonly Endpoint[], mode: string): boolean {
  return endpoints.every(
    (e) =>
      !e.conditions?.ready || (e.zone && (mode !== "PreferSameNode" || e.nodeName)) || (mode === "PreferSameNode" && e.nodeName),
  );
}

function hintsOf(endpoint: Endpoint, mode: string): EndpointHints | undefined {
  if (!endpoint.conditions?.ready) return undefined;
  const forZones = endpoint.zone ? [{ name: endpoint.zone }] : undefined;
  const forNodes = mode === "PreferSameNode" && endpoint.nodeName ? [{ name: endpoint.nodeName }] : undefined;
  return forZones || forNodes ? { ...(forZones && { forZones }), ...(forNodes && { forNodes }) } : undefined;
}

function withHint(endpoint: Endpoint, hints: EndpointHints | undefined): Endpoint {
  const { hints: _, ...rest } = endpoint;
  return hints ? { ...rest, hints } : rest;
}
