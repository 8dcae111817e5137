/**
 * Lays a configuration over an object: leaves of the configuration win, everything else stays. Nothing is removed.
 *
 * @source vendor/sigs.k8s.io/structured-merge-diff/v6/typed/merge.go v1.36
 */
import type { ListSchema, Schema } from "../schema.ts";
import { hasMember, isObject, setMember, type JsonObject } from "./json.ts";
import { itemElement, memberSchema, OPEN, ownsItems, ownsMembers } from "./shape.ts";

/** Parts that do not change are shared with the arguments. */
export function mergeConfiguration(live: JsonObject, config: JsonObject, schema: Schema): JsonObject {
  return mergeMembers(live, config, schema);
}

/** undefined stands for an absent value, on at most one side; the result is undefined where nothing is left. */
function mergeValues(live: unknown, config: unknown, schema: Schema): unknown {
  if (config === undefined) return live;
  if (ownsItems(schema)) {
    const [a, b] = [asList(live), asList(config)];
    return a.length === 0 && b.length === 0 ? config : mergeItems(a, b, schema);
  }
  if (!ownsMembers(schema) || !mergesMembers(live, config)) return config;
  const [a, b] = [asObject(live), asObject(config)];
  return Object.keys(a).length === 0 && Object.keys(b).length === 0 ? config : mergeMembers(a, b, schema);
}

/** Null counts as an empty object where the other side is one. */
const mergesMembers = (live: unknown, config: unknown) => isObject(config) || (config === null && isObject(live));
const asList = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const asObject = (value: unknown): JsonObject => (isObject(value) ? value : {});

function mergeMembers(live: JsonObject, config: JsonObject, schema: Schema): JsonObject {
  const result: JsonObject = {};
  for (const name of Object.keys(live)) {
    const value = hasMember(config, name)
      ? mergeValues(live[name], config[name], memberSchema(schema, name) ?? OPEN)
      : live[name];
    if (value !== undefined) setMember(result, name, value);
  }
  for (const name of Object.keys(config)) if (!hasMember(live, name)) setMember(result, name, config[name]);
  return result;
}

/**
 * Items that both have follow the configuration's order; items that only the object has keep their place between them.
 */
function mergeItems(live: unknown[], config: unknown[], schema: ListSchema): unknown[] {
  const named = (list: unknown[]) => list.map((item) => itemElement(schema, item));
  const [left, right] = [named(live), named(config)];
  const [inLeft, inRight] = [indexOnce(left), indexOnce(right)];
  const shared = right.filter((element) => inLeft.has(element));
  const taken = new Set<string>();
  const result: unknown[] = [];
  let nextShared = 0;
  const take = (r: number) => {
    const element = right[r]!;
    taken.add(element);
    const at = inLeft.get(element);
    // An item that the object holds twice is replaced, not merged.
    result.push(at === undefined || at < 0 ? config[r] : mergeValues(live[at], config[r], schema.items));
  };
  for (let l = 0, r = 0; l < left.length || r < right.length;) {
    if (l < left.length && r < right.length) {
      if (left[l] === right[r]) {
        take(r++);
        l++;
        nextShared++;
        continue;
      }
      if (inRight.has(left[l]!) && nextShared < shared.length && shared[nextShared] !== left[l]) {
        l++;
        continue;
      }
    }
    if (l < left.length) {
      if (!inRight.has(left[l]!)) {
        result.push(live[l++]);
        continue;
      }
      if (taken.has(left[l]!)) l++;
    }
    if (r < right.length) {
      take(r);
      if (shared[nextShared] === right[r]) nextShared++;
      r++;
    }
  }
  return result;
}

/** Place of each element; -1 for one that occurs more than once. */
function indexOnce(elements: string[]): Map<string, number> {
  const at = new Map<string, number>();
  elements.forEach((element, i) => at.set(element, at.has(element) ? -1 : i));
  return at;
}
