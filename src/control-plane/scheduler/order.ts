/**
 * The default profile: which plugins, in which order, and what their scores weigh.
 *
 * The order is that of the filters: cheap ones that reject much come first. Adding a plugin is one file and one line here.
 *
 * @source pkg/scheduler/apis/config/v1/default_plugins.go v1.36
 */
import type { Plugin } from "./framework.ts";
import { defaultPreemption } from "./plugins/default-preemption.ts";
import { interPodAffinity } from "./plugins/inter-pod-affinity.ts";
import { podTopologySpread } from "./plugins/pod-topology-spread.ts";
import { volumeBinding } from "./plugins/volume-binding.ts";
import { dynamicResources } from "./plugins/dynamic-resources.ts";
import { defaultBinder } from "./plugins/default-binder.ts";
import { imageLocality } from "./plugins/image-locality.ts";
import { nodeAffinity } from "./plugins/node-affinity.ts";
import { nodeName } from "./plugins/node-name.ts";
import { nodePorts } from "./plugins/node-ports.ts";
import { nodeResourcesBalancedAllocation } from "./plugins/node-resources-balanced-allocation.ts";
import { nodeResourcesFit } from "./plugins/node-resources-fit.ts";
import { nodeUnschedulable } from "./plugins/node-unschedulable.ts";
import { prioritySort } from "./plugins/priority-sort.ts";
import { schedulingGates } from "./plugins/scheduling-gates.ts";
import { taintToleration } from "./plugins/taint-toleration.ts";

export interface ProfileEntry {
  plugin: Plugin;
  /** Of its score; plugins without one have none. */
  weight?: number;
}

export const defaultProfile: readonly ProfileEntry[] = [
  { plugin: schedulingGates },
  { plugin: prioritySort },
  { plugin: nodeUnschedulable },
  { plugin: nodeName },
  { plugin: taintToleration, weight: 3 },
  { plugin: nodeAffinity, weight: 2 },
  { plugin: nodePorts },
  { plugin: nodeResourcesFit, weight: 1 },
  { plugin: volumeBinding },
  { plugin: dynamicResources },
  { plugin: podTopologySpread, weight: 2 },
  { plugin: interPodAffinity, weight: 2 },
  { plugin: defaultPreemption },
  { plugin: nodeResourcesBalancedAllocation, weight: 1 },
  { plugin: imageLocality, weight: 1 },
  { plugin: defaultBinder },
];
