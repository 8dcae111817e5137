/** Taint eviction: pods leave a node with NoExecute taints that they do not tolerate, or when their time there is over. */
import { Node, Pod } from "../../../shared/api/index.ts";
import { defineController, done, watching, type ControllerContext } from "../../../shared/client/index.ts";
import { ignoreAbsent, markDisrupted } from "../common/disruption.ts";
import { BY_NODE, podNodeIndex } from "../common/pods-by-node.ts";
import { sameOnTheWire } from "../common/write-status.ts";
import { tolerationMs } from "./plan.ts";

interface Waiting {
  node: string;
  /** Since when the pod is known to be on borrowed time. */
  from: number;
}

/** By pod key and uid. */
type State = Map<string, Waiting>;

const noExecute = (node: Node | undefined) => (node?.spec?.taints ?? []).filter((t) => t.effect === "NoExecute");

export const taintEviction = defineController<State>({
  name: "taint-eviction-controller",
  for: Node,
  when: (node: Node, old: Node | undefined) => !sameOnTheWire(node.spec?.taints, old?.spec?.taints) || noExecute(node).length > 0,
  indexes: [podNodeIndex],
  watches: [
    watching(
      Pod,
      ({ spec }, { cache }) => (spec.nodeName && noExecute(cache.get(Node, spec.nodeName)).length ? [spec.nodeName] : []),
      (pod, old) => pod.spec.nodeName !== old?.spec.nodeName || !sameOnTheWire(pod.spec.tolerations, old?.spec.tolerations),
    ),
  ],
  createState: () => new Map(),
  async reconcile(key, context) {
    const { cache, clock, state } = context;
    const taints = noExecute(cache.get(Node, key));
    const now = clock.monotonic();
    const pods = cache.byIndex(Pod, BY_NODE, key);
    const waits: number[] = [];
    const present = new Set<string>();
    for (const pod of pods) {
      const id = idOf(pod);
      present.add(id);
      const stay = taints.length ? tolerationMs(taints, pod.spec.tolerations ?? []) : undefined;
      if (stay === undefined) {
        cancel(id, pod, context);
        continue;
      }
      const from = state.get(id)?.from ?? now;
      const left = from + stay - now;
      if (left > 0) {
        state.set(id, { node: key, from });
        waits.push(left);
      } else if (!pod.metadata.deletionTimestamp) {
        await evict(pod, context);
        state.delete(id);
      }
    }
    for (const [id, { node }] of state) if (node === key && !present.has(id)) state.delete(id);
    return waits.length ? { requeueAfterMs: Math.min(...waits) } : done;
  },
});

const idOf = ({ metadata }: Pod) => `${metadata.namespace}/${metadata.name}/${metadata.uid}`;

function cancel(id: string, { metadata }: Pod, { state, events }: ControllerContext<State>): void {
  if (!state.delete(id)) return;
  const { namespace, name } = metadata;
  events.event(subject(metadata), "Normal", "TaintManagerEviction", `Cancelling deletion of Pod ${namespace}/${name}`);
}

async function evict(pod: Pod, context: ControllerContext<State>): Promise<void> {
  const { namespace, name, uid } = pod.metadata;
  context.events.event(subject(pod.metadata), "Normal", "TaintManagerEviction", `Marking for deletion Pod ${namespace}/${name}`);
  const disruption = { reason: "DeletionByTaintManager", message: "Taint manager: deleting due to NoExecute taint" };
  await markDisrupted(pod, disruption, undefined, context);
  await context.client.delete(Pod, pod.metadata, { preconditions: { uid } }).catch(ignoreAbsent);
}

/** Upstream names the pod without its uid here. */
function subject({ namespace, name }: Pod["metadata"]) {
  return { apiVersion: "v1", kind: "Pod", metadata: { namespace: namespace!, name } };
}
