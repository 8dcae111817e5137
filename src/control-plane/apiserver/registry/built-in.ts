/** How the built-in kinds lie on resources: one each, but for kinds that are several versions or groups of one. */
import type { Kind } from "../../../shared/api/kind.ts";
import { convertAutoscaler } from "../../../shared/api/autoscaling/convert.ts";
import { convertEvent } from "../../../shared/api/events/convert.ts";
import { decodeValue } from "../../../shared/apimachinery/decode.ts";
import type { KubeObject } from "../../../shared/apimachinery/meta.ts";
import type { Core } from "../core.ts";
import type { VirtualResource } from "../types.ts";
import { componentStatuses } from "./component-statuses.ts";
import { podEviction } from "./pod-eviction.ts";
import { podBinding } from "./pod-binding.ts";
import type { Convert, ResourceDefinition } from "./resources.ts";

/** Kinds that share the store of another: by `group/version/plural`, the storage kind's. */
const storedAs: Record<string, string> = {
  "events.k8s.io/v1/events": "/v1/events",
  "autoscaling/v1/horizontalpodautoscalers": "autoscaling/v2/horizontalpodautoscalers",
};

/** Versions that differ in more than their name, by the storage kind's id. */
const conversions: Record<string, Convert> = {
  "autoscaling/v2/horizontalpodautoscalers": normalized(convertAutoscaler),
  "/v1/events": normalized(convertEvent),
};

function normalized(convert: (object: KubeObject, to: Kind) => KubeObject): Convert {
  return (object, to) => decodeValue<KubeObject>(to.schema, convert(object, to)).object;
}

const idOf = (kind: Kind<any>) => `${kind.group}/${kind.version}/${kind.plural}`;

export function builtInResources(kinds: readonly Kind<any>[]): ResourceDefinition[] {
  const byStorage = new Map<string, Kind<any>[]>();
  for (const kind of kinds) {
    const storage = storedAs[idOf(kind)] ?? idOf(kind);
    byStorage.set(storage, [...(byStorage.get(storage) ?? []), kind]);
  }
  return [...byStorage].map(([id, sharing]) => ({
    kinds: sharing,
    storage: sharing.find((k) => idOf(k) === id) ?? sharing[0]!,
    convert: conversions[id],
  }));
}

/** What the registry itself computes. */
export function builtInVirtual(core: Core): Record<string, VirtualResource> {
  const binding = podBinding(core);
  return {
    "/pods/binding": binding,
    "/pods/eviction": podEviction(core),
    "/bindings": binding,
    "/componentstatuses": componentStatuses(core),
  };
}
