/**
 * Lists under strategic merge: merging by key, deletions, and the order of the result.
 *
 * Order, by precedence: `$setElementOrder`, then the patch's own order, then that of the live list. Items that only the server has are
 * placed before the first patched item that follows them in the live list; new items therefore mostly come first.
 *
 *     live [a b c], patch [n]     -> [n a b c]   the live list does not know n, so nothing goes before it
 *     live [a b c], patch [c n]   -> [a b c n]   a and b stand before c in the live list
 */
import { goPrint, goType, hasMember, isObject, type JsonObject } from "./json.ts";
import { badArgumentType, badPatchType, listOfLists, plainError } from "./strategic-errors.ts";

export interface ListMerge {
  /** Empty for lists of scalars. */
  mergeKey: string;
  /** The patch lists scalars to remove. */
  deletes: boolean;
  mergeItems(item: JsonObject, change: JsonObject): JsonObject;
}

export function mergeList(original: unknown[], patch: unknown[], how: ListMerge): unknown[] {
  if (original.length === 0 && patch.length === 0) return original;
  if (!elementsAreMaps(original, patch)) {
    if (how.deletes) return original.filter((item) => !patch.includes(item));
    return inOrder(distinct([...original, ...patch]), patch, original, how.mergeKey);
  }
  if (how.mergeKey === "") throw plainError("cannot merge lists without merge key for struct");
  const { kept, changes } = applyListDirectives(original as JsonObject[], patch as JsonObject[], how.mergeKey);
  const live = [...kept];
  for (const change of changes) mergeItem(kept, change, how);
  return inOrder(kept, changes, live, how.mergeKey);
}

/** All items must be of one type, which is no list. */
function elementsAreMaps(...lists: unknown[][]): boolean {
  const all = lists.flat();
  const first = goType(all[0]);
  if (Array.isArray(all[0])) throw listOfLists();
  if (all.some((item) => goType(item) !== first)) throw plainError(`list element types are not identical: ${goPrint(lists)}`);
  return isObject(all[0]);
}

/** Without repetitions; the last item takes the place of one that goes. */
function distinct(items: unknown[]): unknown[] {
  for (let i = 0; i < items.length; i++)
    for (let j = i + 1; j < items.length; j++)
      if (items[i] === items[j]) {
        const last = items.pop();
        if (j < items.length) items[j] = last;
        j--;
      }
  return items;
}

function applyListDirectives(original: JsonObject[], patch: JsonObject[], mergeKey: string) {
  let kept = original;
  let replace = false;
  const changes: JsonObject[] = [];
  for (const item of patch) {
    if (!hasMember(item, "$patch")) changes.push(item);
    else if (item.$patch === "delete") {
      const value = keyOf(item, mergeKey);
      kept = kept.filter((other) => other[mergeKey] !== value || !hasMember(other, mergeKey));
    } else if (item.$patch === "replace") replace = true;
    else if (item.$patch === "merge") throw plainError("merging lists cannot yet be specified in the patch");
    else throw badPatchType(item.$patch, item);
  }
  return replace ? { kept: changes, changes: [] } : { kept: [...kept], changes };
}

function keyOf(item: unknown, mergeKey: string): unknown {
  if (!isObject(item)) throw badArgumentType({}, item);
  if (!hasMember(item, mergeKey)) throw plainError(`map: ${goPrint(item)} does not contain declared merge key: ${mergeKey}`);
  return item[mergeKey];
}

function mergeItem(list: JsonObject[], change: JsonObject, how: ListMerge): void {
  const key = keyOf(change, how.mergeKey);
  const at = list.findIndex((item) => hasMember(item, how.mergeKey) && item[how.mergeKey] === key);
  if (at < 0) list.push(change);
  else list[at] = how.mergeItems(list[at]!, change);
}

export interface OrderedList {
  current: unknown[] | undefined;
  changes: unknown[] | undefined;
  order: unknown[];
  mergeKey: string;
}

/** Merges a list that comes with `$setElementOrder`; undefined where there is nothing to order. */
export function orderBySetElementOrder(
  { current, changes, order, mergeKey }: OrderedList,
  merge: () => unknown[],
  withoutDirectives: (value: unknown) => unknown,
): unknown[] | undefined {
  checkOrder(changes ?? [], order, mergeKey);
  if (!current && !changes) return undefined;
  const live = [...(current ?? [])];
  const given = [...(changes ?? [])];
  const merged = !changes ? current! : current ? merge() : (withoutDirectives(changes) as unknown[]);
  if (live.length + given.length === 0) throw plainError("no elements in any of the given slices");
  elementsAreMaps(live, given);
  return inOrder(merged, order, live, mergeKey);
}

/** The items of the patch must be among those of the order list, in its order. */
function checkOrder(patch: unknown[], order: unknown[], mergeKey: string): void {
  if (order.length === 0 || patch.length === 0) return;
  const named = mergeKey ? patch.filter((item) => !isDeletion(item)) : patch;
  let at = 0;
  for (let i = 0; at < named.length && i < order.length;) {
    const item = named[at];
    if (isObject(item) && hasMember(item, "$patch")) {
      at++;
      continue;
    }
    if (sameKey(item, order[i], mergeKey)) at++;
    i++;
  }
  if (at < named.length)
    throw plainError(`The order in patch list:\n${goPrint(patch)}\n doesn't match $setElementOrder list:\n${goPrint(order)}\n`);
}

function isDeletion(item: unknown): boolean {
  if (!isObject(item)) throw badArgumentType({}, item);
  return item.$patch === "delete";
}

const sameKey = (a: unknown, b: unknown, mergeKey: string) => (mergeKey ? keyOf(a, mergeKey) === keyOf(b, mergeKey) : a === b);

function inOrder(merged: unknown[], order: unknown[], live: unknown[], mergeKey: string): unknown[] {
  const key = (item: unknown) => (mergeKey ? keyOf(item, mergeKey) : item);
  const wanted = positions(order, key);
  const known = positions(live, key);
  const patched = merged.filter((item) => wanted.has(key(item)));
  const serverOnly = merged.filter((item) => !wanted.has(key(item)));
  const rank = (at: Map<unknown, number>) => (a: unknown, b: unknown) => (at.get(key(a)) ?? 0) - (at.get(key(b)) ?? 0);
  return interleave(serverOnly.sort(rank(known)), patched.sort(rank(wanted)), (item) => known.get(key(item)));
}

function positions(items: unknown[], key: (item: unknown) => unknown): Map<unknown, number> {
  const at = new Map<unknown, number>();
  items.forEach((item, i) => at.has(key(item)) || at.set(key(item), i));
  return at;
}

/** Keeps the order of both lists; a server-only item goes before the next patched one only where the live list had it so. */
function interleave(serverOnly: unknown[], patched: unknown[], known: (item: unknown) => number | undefined): unknown[] {
  const result: unknown[] = [];
  let next = 0;
  const precedes = (item: unknown) =>
    next < serverOnly.length && (known(serverOnly[next]) ?? Infinity) < (known(item) ?? -Infinity);
  for (const item of patched) {
    while (precedes(item)) result.push(serverOnly[next++]);
    result.push(item);
  }
  return [...result, ...serverOnly.slice(next)];
}
