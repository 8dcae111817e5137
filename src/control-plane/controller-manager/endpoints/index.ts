/** Endpoints objects, the older form of EndpointSlices, for clients that still read them. */
import { Endpoints, Service } from "../../../shared/api/index.ts";
import { isNotFound } from "../../../shared/apimachinery/index.ts";
import { defineController, done, watching } from "../../../shared/client/index.ts";
import { isNamespaceTerminating, messageOf } from "../common/pod-control.ts";
import { isManaged, podLabelIndex, podsOf, servicesOfPods } from "../common/service-pods.ts";
import { sameOnTheWire } from "../common/write-status.ts";
import { desiredEndpoints } from "./plan.ts";

const LEADER = "control-plane.alpha.kubernetes.io/leader";

export const endpoints = defineController({
  name: "endpoint-controller",
  for: Service,
  indexes: [podLabelIndex],
  watches: [
    servicesOfPods,
    watching(Endpoints, ({ metadata }) => (metadata.annotations?.[LEADER] ? [] : [`${metadata.namespace}/${metadata.name}`])),
  ],
  async reconcile(key, context) {
    const { cache, client, events } = context;
    const service = cache.get(Service, key);
    const current = cache.get(Endpoints, key);
    if (!service) {
      // Left over from a service that is gone; those without a service from the start are their maker's.
      if (current?.metadata.labels?.["endpoints.kubernetes.io/managed-by"])
        await client.delete(Endpoints, current.metadata).catch(ignoreAbsent);
      return done;
    }
    if (!isManaged(service)) return done;
    const desired = desiredEndpoints(service, podsOf(service, context), current);
    const { metadata, subsets } = desired;
    if (current && sameOnTheWire([metadata, subsets], [current.metadata, current.subsets])) return done;
    const what = current ? "Update" : "Create";
    try {
      await (current ? client.update(Endpoints, desired) : client.create(Endpoints, desired));
    } catch (error) {
      if (isNamespaceTerminating(error)) return done;
      const name = `${current ? "" : "for service "}${key}`;
      const subject = {
        kind: "Endpoints",
        apiVersion: "v1",
        metadata: current?.metadata ?? { name: service.metadata.name, namespace: service.metadata.namespace! },
      };
      events.event(
        subject,
        "Warning",
        `FailedTo${what}Endpoint`,
        `Failed to ${what.toLowerCase()} endpoint ${name}: ${messageOf(error)}`,
      );
      throw error;
    }
    return done;
  },
});

function ignoreAbsent(error: unknown): void {
  if (!isNotFound(error)) throw error;
}
