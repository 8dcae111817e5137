/** The agent of a node that runs pods. */
export { runKubelet, type KubeletOptions } from "./kubelet.ts";
export type { KubeletServerOptions } from "./server/index.ts";
