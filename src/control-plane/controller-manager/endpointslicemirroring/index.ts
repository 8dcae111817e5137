/** Mirrors Endpoints that somebody else keeps (services without a selector) into EndpointSlices, which is what proxies read. */
import { Endpoints, EndpointSlice, Service } from "../../../shared/api/index.ts";
import { isNotFound } from "../../../shared/apimachinery/index.ts";
import { keyOf } from "../../../shared/apimachinery/meta.ts";
import { defineController, done, indexing, watching } from "../../../shared/client/index.ts";
import { isNamespaceTerminating } from "../common/pod-control.ts";
import { CONTROLLER, MANAGED_BY, plan, SERVICE_LABEL } from "./plan.ts";

const MIRRORED = "mirrored";

const serviceOf = ({ metadata }: EndpointSlice): string[] => {
  const name = metadata.labels?.[SERVICE_LABEL];
  return name && metadata.labels?.[MANAGED_BY] === CONTROLLER ? [`${metadata.namespace}/${name}`] : [];
};

export const endpointSliceMirroring = defineController({
  name: "endpointslice-mirroring-controller",
  for: Endpoints,
  indexes: [indexing(EndpointSlice, MIRRORED, serviceOf)],
  watches: [watching(Service, (service) => [keyOf(service.metadata)]), watching(EndpointSlice, serviceOf)],
  async reconcile(key, { cache, client }) {
    const endpoints = cache.get(Endpoints, key);
    const slices = cache.byIndex(EndpointSlice, MIRRORED, key);
    const service = cache.get(Service, key);
    const mirrored = endpoints && service && !service.spec?.selector && isMirrored(endpoints);
    const todo = mirrored ? plan(endpoints, slices) : { create: [], update: [], remove: slices };
    for (const slice of todo.create) {
      await client.create(EndpointSlice, slice).catch((error: unknown) => {
        if (!isNamespaceTerminating(error)) throw error;
      });
    }
    for (const slice of todo.update) await client.update(EndpointSlice, slice);
    for (const { metadata } of todo.remove) {
      await client.delete(EndpointSlice, metadata).catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
    }
    return done;
  },
});

function isMirrored({ metadata }: Endpoints): boolean {
  const skipped = metadata.labels?.["endpointslice.kubernetes.io/skip-mirror"] === "true";
  return !skipped && !metadata.annotations?.["control-plane.alpha.kubernetes.io/leader"];
}
