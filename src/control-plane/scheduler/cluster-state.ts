/**
 * The scheduler's picture of nodes and the pods on them: what the API shows, plus the pods it has assumed to be where it is
 * just binding them. An assumption lasts until the bound pod is seen, or the binding failed.
 */
import type { Node } from "../../shared/api/index.ts";
import { NodeInfo } from "./node-info.ts";
import type { PodInfo } from "./pod-info.ts";

export class ClusterState {
  /** Dense, in no meaningful order. Holds only nodes that the API has. */
  readonly nodes: NodeInfo[] = [];
  private readonly byName = new Map<string, NodeInfo>();
  /** Pods whose node is not known (yet, or any more), by node name. */
  private readonly strays = new Map<string, Map<string, PodInfo>>();
  /** Where each counted pod is, by uid. */
  private readonly placed = new Map<string, { info: PodInfo; node: string }>();

  node(name: string): NodeInfo | undefined {
    return this.byName.get(name);
  }

  putNode(node: Node): void {
    const known = this.byName.get(node.metadata.name);
    if (known) return known.setNode(node);
    const info = new NodeInfo(node);
    for (const pod of this.strays.get(info.name)?.values() ?? []) info.addPod(pod);
    this.strays.delete(info.name);
    this.byName.set(info.name, info);
    this.nodes.push(info);
  }

  removeNode(name: string): void {
    const info = this.byName.get(name);
    if (!info) return;
    this.byName.delete(name);
    this.nodes[this.nodes.indexOf(info)] = this.nodes.at(-1)!;
    this.nodes.pop();
    this.strays.set(name, new Map(info.pods));
  }

  /** Counts a pod on a node: seen there, or assumed there. */
  place(info: PodInfo, node: string): void {
    this.remove(info.uid);
    this.placed.set(info.uid, { info, node });
    const target = this.byName.get(node);
    if (target) return target.addPod(info);
    const strays = this.strays.get(node) ?? new Map<string, PodInfo>();
    this.strays.set(node, strays.set(info.uid, info));
  }

  remove(uid: string): void {
    const held = this.placed.get(uid);
    if (!held) return;
    this.placed.delete(uid);
    this.byName.get(held.node)?.removePod(held.info);
    this.strays.get(held.node)?.delete(uid);
  }
}
