import { Pod } from "../../../shared/api/index.ts";
import { definePlugin } from "../framework.ts";

/** POSTs a Binding for the pod. */
export const defaultBinder = definePlugin({
  name: "DefaultBinder",
  async bind({ pod }, node, { client }) {
    const { name, namespace, uid } = pod.metadata;
    await client.subresource(Pod, pod.metadata, "binding", {
      body: {
        apiVersion: "v1",
        kind: "Binding",
        metadata: { name, namespace, uid },
        target: { apiVersion: "v1", kind: "Node", name: node },
      },
    });
  },
});
