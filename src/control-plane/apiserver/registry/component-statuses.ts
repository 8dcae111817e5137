/** `componentstatuses`: long deprecated, and there is nothing to tell. */
import { notFound } from "../../../shared/apimachinery/errors.ts";
import type { VirtualResource } from "../types.ts";

export const componentStatuses: VirtualResource = {
  list: () => ({ kind: "ComponentStatusList", apiVersion: "v1", metadata: {}, items: [] }),
  get: ({ name }) => {
    throw notFound({ group: "", resource: "componentstatuses" }, name);
  },
};
