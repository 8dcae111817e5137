/** Node networks: clusters on this machine, and the pod network of a node wherever it is. */
export {
  createClusterNetwork,
  destroyClusterNetwork,
  type ClusterNetwork,
  type ClusterNetworkOptions,
} from "./cluster-network.ts";
export { createNodeNamespace, destroyNodeNamespace, type NodeNamespace, type NodeNamespaceOptions } from "./node-namespace.ts";
export type { Ranges } from "./address-plan.ts";
export type { BindMount } from "./node-mounts.ts";
export {
  runNodeNetwork,
  setUpNodeNetwork,
  syncPodRoutes,
  tearDownNodeNetwork,
  type NodeNetworkOptions,
  type RunNodeNetworkOptions,
} from "./node-network.ts";
export { networkPolicyRole, runNetworkPolicies, type NetworkPolicyOptions } from "./policy/index.ts";
