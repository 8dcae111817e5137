/**
 * The garbage collector: deletes what lost its last owner, in the order its owner's deletion asked for.
 *
 * It watches every kind that can be listed, watched and deleted, custom ones too: kinds are discovered again when a
 * CustomResourceDefinition changes, and now and then for what other servers bring.
 */
import { CustomResourceDefinition, type Kind } from "../../../shared/api/index.ts";
import type { KubeObject } from "../../../shared/apimachinery/meta.ts";
import {
  createInformerFactory,
  defineController,
  done,
  watching,
  type ControllerContext,
  type InformerFactory,
} from "../../../shared/client/index.ts";
import { discoverKinds } from "../common/discovery.ts";
import { Collector, type KnownKind } from "./collector.ts";
import { OwnerGraph, type Identity } from "./graph.ts";

const REDISCOVER = "discover";
const DELETE = "delete/";
const ORPHAN = "orphan/";
const REDISCOVER_EVERY_MS = 30_000;
/** Events own nothing and nobody needs them collected: they have a lifetime. */
const IGNORED = new Set(["/events", "events.k8s.io/events"]);

interface Monitor extends KnownKind {
  close(): void;
}

interface State {
  graph: OwnerGraph;
  collector: Collector;
  monitors: Map<string, Monitor>;
  discovered: boolean;
}

const groupKind = (group: string, kind: string) => `${group}/${kind}`;
const groupOf = (apiVersion: string) => (apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "");

export const garbageCollector = defineController<State>({
  name: "garbage-collector-controller",
  for: CustomResourceDefinition,
  when: () => false,
  watches: [watching(CustomResourceDefinition, () => [REDISCOVER])],
  workers: 20,
  createState(context) {
    const monitors = new Map<string, Monitor>();
    const attempt = (uid: string) => context.queue.add(DELETE + uid);
    const graph = new OwnerGraph({ attempt, orphan: (uid) => context.queue.add(ORPHAN + uid) });
    const kindOf = (apiVersion: string, kind: string) => monitors.get(groupKind(groupOf(apiVersion), kind));
    const collector = new Collector({ client: context.client, events: context.events, graph, kindOf, attempt });
    return { graph, collector, monitors, discovered: false };
  },
  started({ queue, clock, signal, state }) {
    queue.add(REDISCOVER);
    const timer = clock.every(REDISCOVER_EVERY_MS, () => queue.add(REDISCOVER), { background: true });
    signal.addEventListener(
      "abort",
      () => {
        timer.cancel();
        for (const monitor of state.monitors.values()) monitor.close();
      },
      { once: true },
    );
  },
  async reconcile(key, context) {
    const { collector } = context.state;
    if (key === REDISCOVER) await rediscover(context);
    else if (key.startsWith(DELETE)) await collector.attemptToDelete(key.slice(DELETE.length));
    else await collector.attemptToOrphan(key.slice(ORPHAN.length));
    return done;
  },
});

/** Starts watching kinds that are new, stops watching those that are gone. */
async function rediscover(context: ControllerContext<State>): Promise<void> {
  const { client, state, log, signal } = context;
  const { kinds, failures } = await discoverKinds(client);
  for (const [groupVersion, error] of failures) log.warn({ err: error, groupVersion }, "discovery failed");
  const wanted = new Map<string, Kind<KubeObject>>();
  for (const kind of kinds) {
    const watchable = ["delete", "list", "watch"].every((verb) => kind.verbs.includes(verb));
    if (watchable && !IGNORED.has(`${kind.group}/${kind.plural}`)) wanted.set(groupKind(kind.group, kind.kind), kind);
  }
  for (const [id, monitor] of state.monitors) {
    const failed = [...failures.keys()].some((groupVersion) => groupVersion.startsWith(`${monitor.kind.group}/`));
    if (wanted.has(id) || failed) continue;
    monitor.close();
    state.monitors.delete(id);
  }
  const fresh: Monitor[] = [];
  for (const [id, kind] of wanted) {
    if (state.monitors.has(id) || signal.aborted) continue;
    const monitor = watch(kind, context);
    state.monitors.set(id, monitor);
    fresh.push(monitor);
  }
  state.discovered = true;
}

/** Each kind has a factory of its own, so that it can end when its kind does. Where there is a shared cache this costs next to nothing. */
function watch(kind: Kind<KubeObject>, { client, state, clock, random, log }: ControllerContext<State>): Monitor {
  const factory: InformerFactory = createInformerFactory(client, { platform: { clock, random }, log });
  const informer = factory.informer(kind);
  informer.onEvent({
    added: (object) => state.graph.observe(identityOf(kind, object), object),
    updated(object, old) {
      if (isRelevant(object, old)) state.graph.observe(identityOf(kind, object), object);
    },
    deleted(object) {
      state.collector.noteAbsent(identityOf(kind, object));
      state.graph.forget(object.metadata.uid);
    },
  });
  void factory.start();
  return { kind, informer, close: () => factory.close() };
}

/** Only metadata matters, and of an update only this much. */
function isRelevant({ metadata }: KubeObject, { metadata: old }: KubeObject): boolean {
  return (
    metadata.uid !== old.uid ||
    !!metadata.deletionTimestamp ||
    metadata.ownerReferences?.length !== old.ownerReferences?.length ||
    !!metadata.ownerReferences?.some(
      (o, i) => o.uid !== old.ownerReferences![i]!.uid || o.blockOwnerDeletion !== old.ownerReferences![i]!.blockOwnerDeletion,
    )
  );
}

function identityOf(kind: Kind<any>, { metadata }: KubeObject): Identity {
  return {
    apiVersion: kind.groupVersion,
    kind: kind.kind,
    namespace: metadata.namespace ?? "",
    name: metadata.name,
    uid: metadata.uid,
  };
}
