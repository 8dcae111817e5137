/**
 * Node lifecycle: a node whose kubelet falls silent becomes Ready Unknown, its taints follow its conditions, its pods become not ready.
 *
 * A sign of life is a renewed lease or a new heartbeat in the status, timed by this process's own clock when it sees it: clocks of nodes are
 * not compared.
 */
import { Lease, Node, Pod } from "../../../shared/api/index.ts";
import { findCondition, isNotFound } from "../../../shared/apimachinery/index.ts";
import { defineController, done, type ControllerContext, type Result } from "../../../shared/client/index.ts";
import { formatTime } from "../../../shared/lib/platform.ts";
import { BY_NODE, podNodeIndex } from "../common/pods-by-node.ts";
import { mayEvict, silentConditions, taintsOf } from "./plan.ts";

const GRACE_MS = 50_000;
const STARTUP_GRACE_MS = 60_000;
const LOOK_EVERY_MS = 5_000;

interface Seen {
  uid: string;
  sign: string;
  at: number;
  ready: string | undefined;
}

type State = Map<string, Seen>;

export const nodeLifecycle = defineController<State>({
  name: "node-controller",
  for: Node,
  reads: [Lease],
  indexes: [podNodeIndex],
  createState: () => new Map(),
  async reconcile(key, context) {
    const node = context.cache.get(Node, key);
    if (!node) {
      forget(key, context);
      return done;
    }
    const silentMs = context.clock.monotonic() - observe(node, context).at;
    const grace = findCondition(node.status?.conditions, "Ready") ? GRACE_MS : STARTUP_GRACE_MS;
    const conditions = silentMs > grace ? silentConditions(node, context.clock.now()) : undefined;
    if (conditions) {
      const updated = await context.client.updateStatus(Node, { ...node, status: { ...node.status, conditions } });
      return settle(updated, context);
    }
    return settle(node, context);
  },
});

/** What was last seen of the node, up to date; tells of nodes that are new. */
function observe(node: Node, { state, cache, clock, events }: ControllerContext<State>): Seen {
  const { name, uid } = node.metadata;
  const ready = findCondition(node.status?.conditions, "Ready");
  const lease = cache.get(Lease, `kube-node-lease/${name}`);
  const sign = `${ready?.lastHeartbeatTime ?? ""}|${lease?.spec?.renewTime ?? ""}`;
  const seen = state.get(name);
  if (seen?.uid === uid && seen.sign === sign) return seen;
  if (seen?.uid !== uid)
    events.event(nodeSubject(name, uid), "Normal", "RegisteredNode", `Node ${name} event: Registered Node ${name} in Controller`);
  const fresh = { uid, sign, at: clock.monotonic(), ready: seen?.uid === uid ? seen.ready : ready?.status };
  state.set(name, fresh);
  return fresh;
}

function forget(name: string, { state, events }: ControllerContext<State>): void {
  const seen = state.get(name);
  if (!seen) return;
  state.delete(name);
  events.event(
    nodeSubject(name, seen.uid),
    "Normal",
    "RemovingNode",
    `Node ${name} event: Removing Node ${name} from Controller`,
  );
}

/** Brings taints and pods in line with the node's conditions. */
async function settle(node: Node, context: ControllerContext<State>): Promise<Result> {
  const { cache, client, clock, state, events } = context;
  const taints = taintsOf(node, clock.now(), mayEvict(cache.list(Node)));
  if (taints)
    await client.patch(Node, node.metadata, "merge", {
      metadata: { resourceVersion: node.metadata.resourceVersion },
      spec: { taints },
    });
  const ready = findCondition(node.status?.conditions, "Ready")?.status;
  const seen = state.get(node.metadata.name)!;
  if (seen.ready === "True" && ready !== "True") {
    const { name, uid } = node.metadata;
    events.event(nodeSubject(name, uid), "Normal", "NodeNotReady", `Node ${name} status is now: NodeNotReady`);
    await markPodsNotReady(name, context);
  }
  seen.ready = ready;
  return { requeueAfterMs: LOOK_EVERY_MS };
}

async function markPodsNotReady(node: string, { cache, client, clock, events }: ControllerContext<State>): Promise<void> {
  for (const pod of cache.byIndex(Pod, BY_NODE, node)) {
    const ready = findCondition(pod.status?.conditions, "Ready");
    if (ready?.status !== "True") continue;
    const conditions = [{ type: "Ready", status: "False", lastTransitionTime: formatTime(clock.now()) }];
    await client
      .patch(Pod, pod.metadata, "strategic", { status: { conditions } }, { subresource: "status" })
      .catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
    events.event(pod, "Warning", "NodeNotReady", "Node is not ready");
  }
}

function nodeSubject(name: string, uid: string) {
  return { apiVersion: "v1", kind: "Node", metadata: { name, uid } };
}
