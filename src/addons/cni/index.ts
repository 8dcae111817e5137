/** Node networks: clusters on this machine, and the pod network of a node wherever it is. */
export { createClusterNetwork, destroyClusterNetwork, type ClusterNetwork } from "./cluster-network.ts";
export { createNodeNamespace, type NodeNamespace } from "./node-namespace.ts";
export { runNodeNetwork, syncPodRoutes, tearDownNodeNetwork } from "./node-network.ts";
export { networkPolicyRole, runNetworkPolicies } from "./policy/index.ts";
