/**
 * Who owns whom, as far as watches have told: a graph of object identities by uid, and nothing else of the objects.
 *
 * An owner that a reference names but no watch has shown is a *virtual* node: it may be about to arrive, or it may not exist; it is looked up
 * before anything is decided. The graph only says what to look at (`attempt`, `orphan`); it deletes nothing.
 *
 *     ReplicaSet r ──dependents──▶ Pod p1 (owners: r)
 *                  └─────────────▶ Pod p2 (owners: r, q)      q: virtual until its kind's watch shows it
 *
 * @source pkg/controller/garbagecollector/graph_builder.go v1.36
 */
import type { KubeObject, OwnerReference } from "../../../shared/apimachinery/meta.ts";

export const FOREGROUND = "foregroundDeletion";
export const ORPHAN = "orphan";

export interface Identity {
  apiVersion: string;
  kind: string;
  namespace: string;
  name: string;
  uid: string;
}

export interface GraphNode {
  identity: Identity;
  owners: readonly OwnerReference[];
  dependents: Set<GraphNode>;
  /** Has a deletionTimestamp. */
  beingDeleted: boolean;
  /** Waits, with its finalizer, until its dependents are gone. */
  deletingDependents: boolean;
  virtual: boolean;
}

export interface GraphSink {
  /** Look whether this object is to be deleted. */
  attempt(uid: string): void;
  /** Take the owner references to this object out of its dependents. */
  orphan(uid: string): void;
}

const none: readonly OwnerReference[] = [];

export class OwnerGraph {
  readonly #nodes = new Map<string, GraphNode>();
  readonly #sink: GraphSink;

  constructor(sink: GraphSink) {
    this.#sink = sink;
  }

  get(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid);
  }

  /** Real (not virtual) nodes and virtual ones together. */
  get size(): number {
    return this.#nodes.size;
  }

  /** An object was added or changed. */
  observe(identity: Identity, object: KubeObject): void {
    const { ownerReferences = none } = object.metadata;
    const known = this.#nodes.get(identity.uid);
    if (!known) {
      const node = newNode(identity, ownerReferences);
      this.#nodes.set(identity.uid, node);
      this.#addToOwners(node, ownerReferences);
      this.#transition(node, object);
      return;
    }
    if (known.virtual) this.#becomeReal(known, identity);
    this.#changeOwners(known, ownerReferences);
    this.#transition(known, object);
  }

  /** An object is gone, or a virtual one turned out never to have been there. */
  forget(uid: string): void {
    const node = this.#nodes.get(uid);
    if (!node) return;
    this.#nodes.delete(uid);
    for (const dependent of node.dependents) this.#sink.attempt(dependent.identity.uid);
    for (const { uid: owner } of node.owners) {
      const ownerNode = this.#nodes.get(owner);
      ownerNode?.dependents.delete(node);
      // It may have waited for this one.
      if (ownerNode?.deletingDependents) this.#sink.attempt(owner);
    }
    // A virtual owner has no object behind it; when the last reference goes, so does the node.
    for (const { uid: owner } of node.owners) this.#dropUnreferenced(owner);
  }

  #dropUnreferenced(uid: string): void {
    const node = this.#nodes.get(uid);
    if (node?.virtual && node.dependents.size === 0) this.#nodes.delete(uid);
  }

  /** References may have named it wrongly (another namespace, another kind): those dependents have to be judged again. */
  #becomeReal(node: GraphNode, identity: Identity): void {
    node.virtual = false;
    const wrong = !sameIdentity(node.identity, identity);
    node.identity = identity;
    for (const dependent of node.dependents) {
      if (wrong || dependent.owners.some((o) => o.uid === identity.uid && !names(o, identity)))
        this.#sink.attempt(dependent.identity.uid);
    }
  }

  #addToOwners(node: GraphNode, owners: readonly OwnerReference[]): void {
    for (const owner of owners) {
      let ownerNode = this.#nodes.get(owner.uid);
      if (!ownerNode) {
        // The dependent's namespace is a guess: for a cluster-scoped owner it is cleared when the owner is looked up.
        const { apiVersion, kind, name, uid } = owner;
        ownerNode = { ...newNode({ apiVersion, kind, name, uid, namespace: node.identity.namespace }, none), virtual: true };
        this.#nodes.set(uid, ownerNode);
        this.#sink.attempt(uid);
      } else if (!ownerNode.virtual && !names(owner, ownerNode.identity)) {
        this.#sink.attempt(node.identity.uid);
      }
      ownerNode.dependents.add(node);
    }
  }

  #changeOwners(node: GraphNode, owners: readonly OwnerReference[]): void {
    if (sameReferences(node.owners, owners)) return;
    const before = new Map(node.owners.map((o) => [o.uid, o]));
    const after = new Map(owners.map((o) => [o.uid, o]));
    node.owners = owners;
    this.#addToOwners(
      node,
      owners.filter((o) => !before.has(o.uid)),
    );
    for (const [uid, owner] of before) {
      const now = after.get(uid);
      const unblocked = owner.blockOwnerDeletion && !now?.blockOwnerDeletion;
      if (unblocked && this.#nodes.get(uid)?.deletingDependents) this.#sink.attempt(uid);
      if (now) continue;
      this.#nodes.get(uid)?.dependents.delete(node);
      this.#dropUnreferenced(uid);
    }
    // One owner less may be one owner too few.
    if (owners.length < before.size) this.#sink.attempt(node.identity.uid);
  }

  #transition(node: GraphNode, { metadata }: KubeObject): void {
    if (!metadata.deletionTimestamp) return;
    const first = !node.beingDeleted;
    node.beingDeleted = true;
    const { finalizers = [] } = metadata;
    if (finalizers.includes(ORPHAN) && first) return this.#sink.orphan(node.identity.uid);
    if (!finalizers.includes(FOREGROUND) || node.deletingDependents) return;
    node.deletingDependents = true;
    for (const dependent of node.dependents) this.#sink.attempt(dependent.identity.uid);
    this.#sink.attempt(node.identity.uid);
  }
}

/** Dependents that a foreground deletion waits for. */
export function blockingDependents(node: GraphNode): GraphNode[] {
  const blocks = (d: GraphNode) => d.owners.some((o) => o.uid === node.identity.uid && o.blockOwnerDeletion);
  return [...node.dependents].filter(blocks);
}

function newNode(identity: Identity, owners: readonly OwnerReference[]): GraphNode {
  return { identity, owners, dependents: new Set(), beingDeleted: false, deletingDependents: false, virtual: false };
}

const groupOf = (apiVersion: string) => (apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "");

function sameIdentity(a: Identity, b: Identity): boolean {
  return a.kind === b.kind && a.name === b.name && a.namespace === b.namespace && groupOf(a.apiVersion) === groupOf(b.apiVersion);
}

function names(reference: OwnerReference, identity: Identity): boolean {
  return (
    reference.kind === identity.kind &&
    reference.name === identity.name &&
    groupOf(reference.apiVersion) === groupOf(identity.apiVersion)
  );
}

function sameReferences(a: readonly OwnerReference[], b: readonly OwnerReference[]): boolean {
  if (a === b) return true;
  return a.length === b.length && a.every((o, i) => o.uid === b[i]!.uid && !o.blockOwnerDeletion === !b[i]!.blockOwnerDeletion);
}
