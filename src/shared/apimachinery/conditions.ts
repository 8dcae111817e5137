/** Conditions of a status: find one, set one (its transition time moves only when its status does), test one. */

export interface ConditionLike {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
}

export function findCondition<C extends { type: string }>(conditions: readonly C[] | undefined, type: string): C | undefined {
  return conditions?.find((c) => c.type === type);
}

export const isConditionTrue = (conditions: readonly { type: string; status: string }[] | undefined, type: string): boolean =>
  findCondition(conditions, type)?.status === "True";

/**
 * The list with `next` in it, a new one where anything changed, the same one where nothing did. `now` is an RFC 3339 text.
 *
 * @source staging/src/k8s.io/apimachinery/pkg/api/meta/conditions.go SetStatusCondition
 */
export function setCondition<C extends ConditionLike>(conditions: readonly C[] | undefined, next: C, now: string): C[] {
  const list = (conditions ?? []) as C[];
  const index = list.findIndex((c) => c.type === next.type);
  const old = list[index];
  if (!old) return [...list, { ...next, lastTransitionTime: next.lastTransitionTime ?? now }];
  const lastTransitionTime = old.status === next.status ? old.lastTransitionTime : (next.lastTransitionTime ?? now);
  const merged = { ...old, ...next, ...(lastTransitionTime !== undefined && { lastTransitionTime }) };
  const same = Object.keys(merged).every((k) => merged[k as keyof C] === old[k as keyof C]);
  return same ? list : list.with(index, merged);
}

export function removeCondition<C extends { type: string }>(conditions: readonly C[] | undefined, type: string): C[] {
  return (conditions ?? []).filter((c) => c.type !== type);
}
