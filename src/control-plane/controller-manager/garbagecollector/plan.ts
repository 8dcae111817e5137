/**
 * What to do with an object whose owners are known: keep it, take references out, or delete it, and how. Pure.
 *
 * @source pkg/controller/garbagecollector/garbagecollector.go attemptToDeleteItem v1.36
 */
import type { KubeObject, OwnerReference } from "../../../shared/apimachinery/meta.ts";
import { FOREGROUND, ORPHAN } from "./graph.ts";

/** `waiting`: the owner is being deleted in the foreground and waits for its dependents. */
export type OwnerState = "solid" | "dangling" | "waiting";

export type Decision =
  | { do: "keep" }
  /** The references that stay; `unblock` clears blockOwnerDeletion in all of them before a foreground deletion. */
  | { do: "setOwners"; owners: OwnerReference[] }
  | { do: "delete"; policy: "Foreground" | "Background" | "Orphan"; unblock: boolean };

export interface Dependents {
  count: number;
  /** One of them waits for dependents of its own: there may be a circle. */
  someDeletingDependents: boolean;
}

export function decide(object: KubeObject, stateOf: (owner: OwnerReference) => OwnerState, dependents: Dependents): Decision {
  const { ownerReferences = [], finalizers = [] } = object.metadata;
  if (ownerReferences.length === 0) return { do: "keep" };
  const states = ownerReferences.map(stateOf);
  const solid = ownerReferences.filter((_, i) => states[i] === "solid");
  if (solid.length) return solid.length === ownerReferences.length ? { do: "keep" } : { do: "setOwners", owners: solid };
  if (states.includes("waiting") && dependents.count > 0) {
    return { do: "delete", policy: "Foreground", unblock: dependents.someDeletingDependents };
  }
  if (finalizers.includes(ORPHAN)) return { do: "delete", policy: "Orphan", unblock: false };
  if (finalizers.includes(FOREGROUND)) return { do: "delete", policy: "Foreground", unblock: false };
  return { do: "delete", policy: "Background", unblock: false };
}
