/**
 * Removes pods that nobody else will: of nodes that are gone, of nodes out of service, deleted before they had a node, and the oldest of too
 * many finished ones.
 *
 * @source pkg/controller/podgc/gc_controller.go v1.36
 */
import { Node, Pod } from "../../../shared/api/index.ts";
import { findCondition, isNotFound } from "../../../shared/apimachinery/index.ts";
import { defineController, watching, type ControllerContext } from "../../../shared/client/index.ts";
import { forceDelete, markDisrupted, type Disruption } from "../common/disruption.ts";
import { isPodFinished } from "../common/pod-state.ts";

const SWEEP = "sweep";
const EVERY_MS = 20_000;
/** A node that is gone may be about to register again. */
const QUARANTINE_MS = 40_000;
const FINISHED_MAX = 12_500;
const OUT_OF_SERVICE = "node.kubernetes.io/out-of-service";

/** Nodes that pods name and the cache lacks, since when. */
type State = Map<string, number>;

export const podGc = defineController<State>({
  name: "pod-garbage-collector-controller",
  for: Node,
  when: () => false,
  watches: [
    watching(
      Pod,
      () => [SWEEP],
      (pod, old) => !!pod.metadata.deletionTimestamp && !old?.metadata.deletionTimestamp && !pod.spec.nodeName,
    ),
  ],
  workers: 1,
  createState: () => new Map(),
  started: ({ queue }) => queue.add(SWEEP),
  async reconcile(_key, context) {
    const pods = context.cache.list(Pod);
    await collectFinished(pods, context);
    for (const pod of pods) await collect(pod, context);
    await collectOrphans(pods, context);
    return { requeueAfterMs: EVERY_MS };
  },
});

async function collectFinished(pods: readonly Pod[], context: ControllerContext<State>): Promise<void> {
  if (pods.length <= FINISHED_MAX) return;
  const finished = pods.filter(isPodFinished);
  const order = (p: Pod) => `${p.status?.reason === "Evicted" ? 0 : 1}|${p.metadata.creationTimestamp}|${p.metadata.name}`;
  const surplus = finished.sort((a, b) => (order(a) < order(b) ? -1 : 1)).slice(0, Math.max(0, finished.length - FINISHED_MAX));
  for (const pod of surplus) await remove(pod, undefined, context);
}

/** Pods that wait for a kubelet that will not come. */
async function collect(pod: Pod, context: ControllerContext<State>): Promise<void> {
  if (!pod.metadata.deletionTimestamp) return;
  const { nodeName } = pod.spec;
  if (!nodeName) return remove(pod, undefined, context);
  const node = context.cache.get(Node, nodeName);
  const ready = findCondition(node?.status?.conditions, "Ready")?.status === "True";
  if (node && !ready && !isPodFinished(pod) && node.spec?.taints?.some((t) => t.key === OUT_OF_SERVICE))
    await remove(pod, undefined, context);
}

async function collectOrphans(pods: readonly Pod[], context: ControllerContext<State>): Promise<void> {
  const { cache, clock, client, state } = context;
  const orphans = pods.filter((pod) => pod.spec.nodeName && !cache.get(Node, pod.spec.nodeName));
  const missing = new Set(orphans.map((pod) => pod.spec.nodeName!));
  for (const name of state.keys()) if (!missing.has(name)) state.delete(name);
  for (const name of missing) {
    const since = state.get(name) ?? clock.monotonic();
    state.set(name, since);
    if (clock.monotonic() - since < QUARANTINE_MS) continue;
    const exists = await client.get(Node, { name }).then(
      () => true,
      (error: unknown) => {
        if (!isNotFound(error)) throw error;
        return false;
      },
    );
    if (exists) continue;
    const disruption = { reason: "DeletionByPodGC", message: "PodGC: node no longer exists" };
    for (const pod of orphans) if (pod.spec.nodeName === name) await remove(pod, disruption, context);
  }
}

async function remove(pod: Pod, disruption: Disruption | undefined, context: ControllerContext<State>): Promise<void> {
  if (!isPodFinished(pod)) await markDisrupted(pod, disruption, "Failed", context);
  await forceDelete(pod, context);
}
