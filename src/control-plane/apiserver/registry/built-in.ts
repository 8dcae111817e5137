/** How the built-in kinds lie on resources: one each, but for kinds that are several versions or groups of one. */
import type { Kind } from "../../../shared/api/kind.ts";
import type { ResourceDefinition } from "./resources.ts";

/** Kinds that share the store of another: by `group/version/plural`, the storage kind's. */
const storedAs: Record<string, string> = {
  "events.k8s.io/v1/events": "/v1/events",
  "autoscaling/v1/horizontalpodautoscalers": "autoscaling/v2/horizontalpodautoscalers",
};

const idOf = (kind: Kind<any>) => `${kind.group}/${kind.version}/${kind.plural}`;

export function builtInResources(kinds: readonly Kind<any>[]): ResourceDefinition[] {
  const byStorage = new Map<string, Kind<any>[]>();
  for (const kind of kinds) {
    const storage = storedAs[idOf(kind)] ?? idOf(kind);
    byStorage.set(storage, [...(byStorage.get(storage) ?? []), kind]);
  }
  return [...byStorage].map(([id, sharing]) => ({ kinds: sharing, storage: sharing.find((k) => idOf(k) === id) ?? sharing[0]! }));
}
