/** EndpointSlices of services with a selector. The decisions are in plan.ts. */
import { EndpointSlice, Node, Service } from "../../../shared/api/index.ts";
import { isNotFound } from "../../../shared/apimachinery/index.ts";
import { defineController, done, indexing, watching } from "../../../shared/client/index.ts";
import { isNamespaceTerminating } from "../common/pod-control.ts";
import { isManaged, podLabelIndex, podsOf, servicesOfPods } from "../common/service-pods.ts";
import { CONTROLLER, MANAGED_BY, plan, SERVICE_LABEL } from "./plan.ts";

const BY_SERVICE = "service";
/** A pod whose node is not in the cache yet is looked at again. */
const NODE_WAIT_MS = 1000;

const serviceOf = ({ metadata }: EndpointSlice): string[] => {
  const name = metadata.labels?.[SERVICE_LABEL];
  return name && metadata.labels?.[MANAGED_BY] === CONTROLLER ? [`${metadata.namespace}/${name}`] : [];
};

export const endpointSlice = defineController({
  name: "endpointslice-controller",
  for: Service,
  reads: [Node],
  indexes: [podLabelIndex, indexing(EndpointSlice, BY_SERVICE, serviceOf)],
  watches: [servicesOfPods, watching(EndpointSlice, serviceOf)],
  async reconcile(key, context) {
    const { cache, client, events } = context;
    const service = cache.get(Service, key);
    // Slices of a service that is gone are the garbage collector's.
    if (!service || !isManaged(service)) return done;
    const slices = cache.byIndex(EndpointSlice, BY_SERVICE, key).filter((s) => !s.metadata.deletionTimestamp);
    const todo = plan({ service, pods: podsOf(service, context), slices, node: (name) => cache.get(Node, name) });
    try {
      for (const slice of todo.create) await client.create(EndpointSlice, slice);
      for (const slice of todo.update) await client.update(EndpointSlice, slice);
      for (const { metadata } of todo.remove) {
        await client.delete(EndpointSlice, metadata).catch((error: unknown) => {
          if (!isNotFound(error)) throw error;
        });
      }
    } catch (error) {
      if (isNamespaceTerminating(error)) return done;
      const message = `Error updating Endpoint Slices for Service ${key}: ${String(error)}`;
      events.event(service, "Warning", "FailedToUpdateEndpointSlices", message);
      throw error;
    }
    return todo.nodesMissing ? { requeueAfterMs: NODE_WAIT_MS } : done;
  },
});
