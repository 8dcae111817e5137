/** Gives each node its range of pod addresses, once and for all. */
import { Node } from "../../../shared/api/index.ts";
import { defineController, done, type ControllerDefinition } from "../../../shared/client/index.ts";
import { CidrAllocator } from "./allocator.ts";

interface State {
  allocators: CidrAllocator[];
  /** What each node holds, to free it when the node is gone. */
  held: Map<string, readonly string[]>;
}

/** `clusterCidr` may name two ranges, one of each family, with a comma between. */
export function nodeIpam(clusterCidr: string, maskSize = 24): ControllerDefinition {
  return defineController<State>({
    name: "node-ipam-controller",
    for: Node,
    when: (node: Node, old, deleted) => deleted || !old || !node.spec?.podCIDR,
    // One after the other: two nodes must not get the same range.
    workers: 1,
    createState: () => ({
      allocators: clusterCidr.split(",").map((cidr) => new CidrAllocator(cidr.trim(), cidr.includes(":") ? 64 : maskSize)),
      held: new Map(),
    }),
    started({ cache, state }) {
      for (const node of cache.list(Node)) hold(state, node);
    },
    async reconcile(key, { cache, client, events, state }) {
      const node = cache.get(Node, key);
      if (!node) {
        for (const cidr of state.held.get(key) ?? []) for (const a of state.allocators) a.release(cidr);
        state.held.delete(key);
        return done;
      }
      if (node.spec?.podCIDRs?.length || node.spec?.podCIDR) {
        hold(state, node);
        return done;
      }
      const podCIDRs = state.held.get(key) ?? state.allocators.map((a) => a.allocate());
      if (podCIDRs.includes(undefined as never)) {
        for (const cidr of podCIDRs) if (cidr) for (const a of state.allocators) a.release(cidr);
        events.event(node, "Normal", "CIDRNotAvailable", `Node ${key} status is now: CIDRNotAvailable`);
        throw new Error("CIDR allocation failed; there are no remaining CIDRs left to allocate in the accepted range");
      }
      // Kept also when the write fails: it may have been done all the same.
      state.held.set(key, podCIDRs as string[]);
      await client.patch(Node, node.metadata, "strategic", {
        metadata: { uid: node.metadata.uid },
        spec: { podCIDR: podCIDRs[0], podCIDRs },
      });
      return done;
    },
  });
}

function hold(state: State, { metadata, spec }: Node): void {
  const podCIDRs = spec?.podCIDRs ?? (spec?.podCIDR ? [spec.podCIDR] : []);
  if (podCIDRs.length === 0) return;
  state.held.set(metadata.name, podCIDRs);
  for (const cidr of podCIDRs) for (const a of state.allocators) a.occupy(cidr);
}
