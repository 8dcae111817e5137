/**
 * Which pods stand behind a service, on which ports: what Endpoints and EndpointSlices have in common.
 *
 * @source staging/src/k8s.io/endpointslice/{utils.go,util/controller_utils.go} v1.36
 */
import { Pod, Service } from "../../../shared/api/index.ts";
import type { ServicePort } from "../../../shared/api/generated/core-v1.ts";
import { indexing, watching, type ControllerContext } from "../../../shared/client/index.ts";
import { mapSelectorOf } from "./selector-of.ts";
import { isPodFinished, isPodReady } from "./pod-state.ts";

const BY_LABEL = "label";

/** Pods by each of their labels, within their namespace. */
export const podLabelIndex = indexing(Pod, BY_LABEL, ({ metadata }) =>
  Object.entries(metadata.labels ?? {}).map(([key, value]) => labelKey(metadata.namespace!, key, value)),
);

const labelKey = (namespace: string, key: string, value: string) => `${namespace}|${key}=${value}`;

/** Services whose endpoints follow from pods. */
export const isManaged = (service: Service): boolean => service.spec?.type !== "ExternalName" && !!service.spec?.selector;

export function podsOf(service: Service, { cache }: ControllerContext<any>): Pod[] {
  const namespace = service.metadata.namespace!;
  const selector = service.spec?.selector ?? {};
  const [first] = Object.entries(selector);
  // An empty selector matches every pod of the namespace.
  if (!first) return cache.list(Pod, namespace);
  const matcher = mapSelectorOf(selector);
  return cache.byIndex(Pod, BY_LABEL, labelKey(namespace, ...first)).filter((pod) => matcher.matches(pod.metadata.labels));
}

/** A pod that changes what a service says of it brings the keys of its services, before and after. */
export const servicesOfPods = watching(
  Pod,
  (pod, { cache }) => {
    const services = cache
      .list(Service, pod.metadata.namespace)
      .filter((s) => s.spec?.selector && mapSelectorOf(s.spec.selector).matches(pod.metadata.labels));
    return services.map((s) => `${s.metadata.namespace}/${s.metadata.name}`);
  },
  (pod, old, deleted) => deleted || !old || !sameToServices(pod, old),
);

function sameToServices(a: Pod, b: Pod): boolean {
  return (
    a.status?.phase === b.status?.phase &&
    isPodReady(a) === isPodReady(b) &&
    !a.metadata.deletionTimestamp === !b.metadata.deletionTimestamp &&
    a.spec.nodeName === b.spec.nodeName &&
    a.spec.hostname === b.spec.hostname &&
    a.status?.podIP === b.status?.podIP &&
    a.status?.podIPs?.length === b.status?.podIPs?.length &&
    JSON.stringify(a.metadata.labels) === JSON.stringify(b.metadata.labels)
  );
}

/** A finished pod serves nobody, and one without an address cannot be reached. */
export function belongsToEndpoints(pod: Pod, includeTerminating: boolean): boolean {
  if (isPodFinished(pod) || !(pod.status?.podIP || pod.status?.podIPs?.length)) return false;
  return includeTerminating || !pod.metadata.deletionTimestamp;
}

/** The port number a pod serves a service port on; undefined where it has no port of that name. */
export function targetPort(pod: Pod, port: ServicePort): number | undefined {
  const target = port.targetPort || port.port;
  if (typeof target === "number") return target;
  const sidecars = (pod.spec.initContainers ?? []).filter((c) => c.restartPolicy === "Always");
  for (const { ports = [] } of [...(pod.spec.containers ?? []), ...sidecars]) {
    const found = ports.find((p) => p.name === target && (p.protocol ?? "TCP") === (port.protocol ?? "TCP"));
    if (found) return found.containerPort;
  }
  return undefined;
}

/** The pod is reachable under its own name below the service's. */
export const hasHostname = (pod: Pod, service: Service): boolean =>
  !!pod.spec.hostname && pod.spec.subdomain === service.metadata.name && pod.metadata.namespace === service.metadata.namespace;
