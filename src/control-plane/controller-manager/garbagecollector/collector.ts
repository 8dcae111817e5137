/** Carries out what graph and plan say: reads objects, removes references and finalizers, deletes. */
import type { Kind } from "../../../shared/api/index.ts";
import { isConflict, isNotFound } from "../../../shared/apimachinery/index.ts";
import { keyOf, type KubeObject, type OwnerReference } from "../../../shared/apimachinery/meta.ts";
import type { Client, Informer } from "../../../shared/client/index.ts";
import type { EventRecorder } from "../../../shared/client/index.ts";
import { blockingDependents, FOREGROUND, ORPHAN, type GraphNode, type Identity, type OwnerGraph } from "./graph.ts";
import { decide, type OwnerState } from "./plan.ts";

export interface KnownKind {
  kind: Kind<KubeObject>;
  informer?: Informer<KubeObject>;
}

export interface CollectorOptions {
  client: Client;
  events: EventRecorder;
  graph: OwnerGraph;
  /** By group and kind; undefined where the server has no such kind. */
  kindOf(apiVersion: string, kind: string): KnownKind | undefined;
  attempt(uid: string): void;
}

const ABSENT_REMEMBERED = 5000;

export class Collector {
  readonly #o: CollectorOptions;
  /** Owners that were looked up and are not there: their many dependents need not ask again. */
  readonly #absent = new Set<string>();

  constructor(options: CollectorOptions) {
    this.#o = options;
  }

  /** Uids are never used again: what is gone stays gone. Coordinates belong to it, since references may have them wrong. */
  noteAbsent(identity: Identity): void {
    this.#absent.add(this.#id(identity));
    if (this.#absent.size > ABSENT_REMEMBERED) this.#absent.delete(this.#absent.values().next().value!);
  }

  async attemptToDelete(uid: string): Promise<void> {
    const node = this.#o.graph.get(uid);
    if (!node) return;
    if (node.beingDeleted && !node.deletingDependents) return;
    const object = await this.#latest(node.identity);
    if (!object) return this.#vanished(node);
    // Its own watch will show it.
    if (node.virtual) return;
    if (node.deletingDependents) return this.#finishForeground(node, object);
    const states = new Map<string, OwnerState>();
    for (const owner of object.metadata.ownerReferences ?? []) states.set(owner.uid, await this.#stateOf(owner, node));
    const dependents = {
      count: node.dependents.size,
      someDeletingDependents: [...node.dependents].some((d) => d.deletingDependents),
    };
    const decision = decide(object, (owner) => states.get(owner.uid)!, dependents);
    if (decision.do === "setOwners") return this.#setOwners(node.identity, object, decision.owners);
    if (decision.do !== "delete") return;
    if (decision.unblock) {
      const owners = object.metadata.ownerReferences!.map((o) => ({ ...o, blockOwnerDeletion: false }));
      await this.#setOwners(node.identity, object, owners);
      return this.#delete(node.identity, undefined, decision.policy);
    }
    await this.#delete(node.identity, object, decision.policy);
  }

  /** Takes the references out of the dependents, then lets the owner go. */
  async attemptToOrphan(uid: string): Promise<void> {
    const node = this.#o.graph.get(uid);
    if (!node) return;
    await Promise.all([...node.dependents].map((dependent) => this.#orphan(dependent, uid)));
    await this.#removeFinalizer(node.identity, ORPHAN);
  }

  async #orphan(dependent: GraphNode, owner: string): Promise<void> {
    await this.#edit(dependent.identity, (object) => {
      const { ownerReferences = [] } = object.metadata;
      const kept = ownerReferences.filter((o) => o.uid !== owner);
      return kept.length === ownerReferences.length ? undefined : { ownerReferences: kept };
    });
  }

  /** The node's object does not exist (any more): to the graph it is deleted. */
  #vanished(node: GraphNode): void {
    this.noteAbsent(node.identity);
    this.#o.graph.forget(node.identity.uid);
  }

  async #finishForeground(node: GraphNode, object: KubeObject): Promise<void> {
    const blocking = blockingDependents(node);
    if (blocking.length === 0) {
      if (object.metadata.finalizers?.includes(FOREGROUND)) await this.#removeFinalizer(node.identity, FOREGROUND);
      return;
    }
    for (const dependent of blocking) if (!dependent.deletingDependents) this.#o.attempt(dependent.identity.uid);
  }

  async #stateOf(owner: OwnerReference, node: GraphNode): Promise<OwnerState> {
    const { kind } = this.#kind(owner);
    const identity = { ...owner, namespace: node.identity.namespace };
    if (this.#absent.has(this.#id(identity))) return "dangling";
    if (kind.scope === "Namespaced" && !node.identity.namespace) {
      const message = `ownerRef [${owner.apiVersion}/${owner.kind}, namespace: , name: ${owner.name}, uid: ${owner.uid}] does not exist in namespace ""`;
      this.#o.events.event(eventSubject(node.identity), "Warning", "OwnerRefInvalidNamespace", message);
      throw new Error(
        `cluster-scoped ${node.identity.kind} ${node.identity.name} names the namespaced owner ${owner.kind} ${owner.name}`,
      );
    }
    const object = await this.#latest(identity);
    if (!object) {
      this.noteAbsent(identity);
      return "dangling";
    }
    const { deletionTimestamp, finalizers } = object.metadata;
    return deletionTimestamp && finalizers?.includes(FOREGROUND) ? "waiting" : "solid";
  }

  /** The object of this uid, from the cache or, where it has none, from the server; undefined where it does not exist. */
  async #latest(identity: Identity): Promise<KubeObject | undefined> {
    const { kind, informer } = this.#kind(identity);
    const name = nameOf(kind, identity);
    const cached = informer?.synced() ? informer.cache.get(keyOf(name)) : undefined;
    if (cached?.metadata.uid === identity.uid) return cached;
    const object = await this.#o.client.get(kind, name).catch(undefinedIfAbsent);
    return object?.metadata.uid === identity.uid ? object : undefined;
  }

  async #setOwners(identity: Identity, object: KubeObject, owners: OwnerReference[]): Promise<void> {
    const { kind } = this.#kind(identity);
    await this.#patchMetadata(kind, object, { ownerReferences: owners.length ? owners : null });
  }

  async #removeFinalizer(identity: Identity, finalizer: string): Promise<void> {
    await this.#edit(identity, (object) => {
      const { finalizers = [] } = object.metadata;
      return finalizers.includes(finalizer) ? { finalizers: finalizers.filter((f) => f !== finalizer) } : undefined;
    });
  }

  /** Changes metadata of the latest state, however often others write in between. */
  async #edit(identity: Identity, change: (object: KubeObject) => object | undefined): Promise<void> {
    const { kind } = this.#kind(identity);
    let object = await this.#latest(identity);
    for (let tries = 0; object; tries++) {
      const metadata = change(object);
      if (!metadata) return;
      try {
        return await this.#patchMetadata(kind, object, metadata);
      } catch (error) {
        if (!isConflict(error) || tries === 5) throw error;
        object = await this.#o.client.get(kind, nameOf(kind, identity)).catch(undefinedIfAbsent);
        if (object?.metadata.uid !== identity.uid) return;
      }
    }
  }

  /** A merge patch works for every kind; the revision makes whole lists safe to replace. */
  async #patchMetadata(kind: Kind<KubeObject>, object: KubeObject, metadata: object): Promise<void> {
    const { uid, resourceVersion } = object.metadata;
    await this.#o.client
      .patch(kind, object.metadata, "merge", { metadata: { ...metadata, uid, resourceVersion } })
      .catch(undefinedIfAbsent);
  }

  async #delete(
    identity: Identity,
    object: KubeObject | undefined,
    propagationPolicy: "Foreground" | "Background" | "Orphan",
  ): Promise<void> {
    const { kind } = this.#kind(identity);
    const preconditions = { uid: identity.uid, ...(object && { resourceVersion: object.metadata.resourceVersion }) };
    await this.#o.client.delete(kind, nameOf(kind, identity), { propagationPolicy, preconditions }).catch(undefinedIfAbsent);
  }

  #id(identity: Identity): string {
    const namespaced = this.#o.kindOf(identity.apiVersion, identity.kind)?.kind.scope === "Namespaced";
    return `${identity.kind}/${namespaced ? identity.namespace : ""}/${identity.name}/${identity.uid}`;
  }

  #kind({ apiVersion, kind }: { apiVersion: string; kind: string }): KnownKind {
    const known = this.#o.kindOf(apiVersion, kind);
    if (!known) throw new Error(`unable to get REST mapping for ${apiVersion}/${kind}.`);
    return known;
  }
}

function nameOf(kind: Kind<any>, { namespace, name }: Identity): { namespace?: string; name: string } {
  return kind.scope === "Namespaced" ? { namespace, name } : { name };
}

function eventSubject({ apiVersion, kind, namespace, name, uid }: Identity) {
  return { apiVersion, kind, metadata: { namespace, name, uid } };
}

function undefinedIfAbsent(error: unknown): undefined {
  if (!isNotFound(error)) throw error;
}
