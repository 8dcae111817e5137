/**
 * `componentstatuses`: long deprecated. `etcd-0` is the store, whichever engine it is.
 *
 * Differs: upstream also asks a scheduler and a controller manager on this machine's loopback. Here they are in this process or somewhere
 * else, and serve no port of their own.
 *
 * @source pkg/registry/core/componentstatus/rest.go v1.36
 */
import { notFound } from "../../../shared/apimachinery/errors.ts";
import type { ObjectMeta } from "../../../shared/apimachinery/meta.ts";
import type { Core } from "../core.ts";
import type { VirtualResource } from "../types.ts";

const STORE = "etcd-0";

export function componentStatuses({ store }: Core): VirtualResource {
  const condition = async () => {
    try {
      await store.currentRevision();
      return { type: "Healthy", status: "True", message: "ok" };
    } catch (error) {
      return { type: "Healthy", status: "False", error: (error as Error).message };
    }
  };
  const status = async () => ({ metadata: { name: STORE } as ObjectMeta, conditions: [await condition()] });
  return {
    list: async () => ({ kind: "ComponentStatusList", apiVersion: "v1", metadata: {}, items: [await status()] }),
    async get({ name }) {
      if (name !== STORE) throw notFound({ group: "", resource: "componentstatuses" }, name);
      return { kind: "ComponentStatus", apiVersion: "v1", ...(await status()) };
    },
  };
}
