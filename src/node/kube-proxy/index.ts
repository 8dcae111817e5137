/** kube-proxy: makes the addresses of Services lead to their endpoints, on this node. */
export { removeKubeProxy, runKubeProxy } from "./proxy.ts";
