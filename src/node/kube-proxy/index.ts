/** kube-proxy: makes the addresses of Services lead to their endpoints, on this node. */
export { removeKubeProxy, runKubeProxy, type KubeProxyOptions } from "./proxy.ts";
