/** Subresources that lead to a node or a pod: logs, exec, attach, port-forward, proxies. */
import type { ConnectResource } from "../types.ts";
import type { KubeletCredentials } from "./kubelet-connection.ts";
import { podLog } from "./pod-log.ts";
import { podStream } from "./pod-streams.ts";
import { nodeProxy, podProxy, serviceProxy } from "./proxy.ts";

export type { KubeletCredentials } from "./kubelet-connection.ts";

/** Keyed as `ApiServerOptions.connects` wants them. */
export function connectResources(credentials: KubeletCredentials): Record<string, ConnectResource> {
  return {
    "/pods/log": podLog(credentials),
    "/pods/exec": podStream("exec", credentials),
    "/pods/attach": podStream("attach", credentials),
    "/pods/portforward": podStream("portForward", credentials),
    "/pods/proxy": podProxy(),
    "/services/proxy": serviceProxy(),
    "/nodes/proxy": nodeProxy(credentials),
  };
}
