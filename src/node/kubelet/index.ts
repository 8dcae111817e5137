/** The agent of a node that runs pods. */
export { runKubelet } from "./kubelet.ts";
