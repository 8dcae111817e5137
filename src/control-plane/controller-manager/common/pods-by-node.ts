import { Pod } from "../../../shared/api/index.ts";
import { indexing } from "../../../shared/client/index.ts";

export const BY_NODE = "node";

/** Pods by the node they are bound to. */
export const podNodeIndex = indexing(Pod, BY_NODE, (pod) => (pod.spec.nodeName ? [pod.spec.nodeName] : []));
