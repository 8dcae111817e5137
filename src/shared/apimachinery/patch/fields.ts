/**
 * Sets of fields. A set *is* its FieldsV1 JSON: nothing is decoded to work with it, nothing encoded to store it.
 *
 *     { "f:data": { ".": {}, "f:k": {} } }     .data and .data.k
 *     { "f:data": { "f:k": {} } }              .data.k alone
 *     { "f:data": {} }                         .data alone
 *
 * A node is a member where it is empty or holds "."; an empty set is undefined (a root is never a member itself). Sets are not
 * changed once made, so they share parts. Members stand in upstream's order.
 *
 * @source vendor/sigs.k8s.io/structured-merge-diff/v6/fieldpath/set.go v1.36
 */
import { compareElements, printElement, readElement, SELF } from "./elements.ts";
import { isObject } from "./json.ts";

export interface Fields {
  [element: string]: Fields;
}

/** A node that is a member and has no children. */
export const LEAF: Fields = Object.freeze({}) as Fields;

export function isMember(node: Fields): boolean {
  if (SELF in node) return true;
  for (const _ in node) return false;
  return true;
}

/** The children of a node with or without the node itself; undefined where nothing is left. */
function node(member: boolean, children: Fields): Fields | undefined {
  for (const _ in children) return member ? { [SELF]: LEAF, ...children } : children;
  return member ? LEAF : undefined;
}

const children = (of: Fields) => Object.keys(of).filter((element) => element !== SELF);

/** Members in order; needed after elements of two sets came together. */
function inOrder(fields: Fields): Fields {
  const elements = Object.keys(fields);
  for (let i = 1; i < elements.length; i++) {
    if (compareElements(elements[i - 1]!, elements[i]!) > 0) {
      return Object.fromEntries(elements.sort(compareElements).map((element) => [element, fields[element]!]));
    }
  }
  return fields;
}

export function union(a: Fields | undefined, b: Fields | undefined): Fields | undefined {
  if (!a || !b) return a ?? b;
  return unionChildren(a, b);
}

function unionNodes(a: Fields, b: Fields): Fields {
  return node(isMember(a) || isMember(b), unionChildren(a, b))!;
}

function unionChildren(a: Fields, b: Fields): Fields {
  const result: Fields = {};
  for (const element of children(a)) result[element] = b[element] ? unionNodes(a[element]!, b[element]) : a[element]!;
  for (const element of children(b)) result[element] ??= b[element]!;
  return inOrder(result);
}

export function intersection(a: Fields | undefined, b: Fields | undefined): Fields | undefined {
  if (!a || !b) return undefined;
  return node(false, intersectChildren(a, b));
}

function intersectChildren(a: Fields, b: Fields): Fields {
  const result: Fields = {};
  for (const element of children(a)) {
    const other = b[element];
    const both = other && node(isMember(a[element]!) && isMember(other), intersectChildren(a[element]!, other));
    if (both) result[element] = both;
  }
  return result;
}

/** What is in `a` and not in `b`; members below a member of `b` stay. */
export function difference(a: Fields | undefined, b: Fields | undefined): Fields | undefined {
  if (!a || !b) return a;
  return node(false, subtractChildren(a, b, false));
}

/** What is in `a` and neither in `b` nor below a member of `b`. */
export function recursiveDifference(a: Fields | undefined, b: Fields | undefined): Fields | undefined {
  if (!a || !b) return a;
  return node(false, subtractChildren(a, b, true));
}

function subtractChildren(a: Fields, b: Fields, recursive: boolean): Fields {
  const result: Fields = {};
  for (const element of children(a)) {
    const mine = a[element]!;
    const other = b[element];
    if (!other) result[element] = mine;
    else {
      const without = isMember(other);
      if (without && recursive) continue;
      const left = node(isMember(mine) && !without, subtractChildren(mine, other, recursive));
      if (left) result[element] = left;
    }
  }
  return result;
}

/** Calls `visit` with every member, a node before what is below it. */
export function forEachPath(
  fields: Fields | undefined,
  visit: (path: readonly string[]) => void,
  prefix: readonly string[] = [],
): void {
  if (!fields) return;
  const elements = children(fields);
  for (const element of elements) if (isMember(fields[element]!)) visit([...prefix, element]);
  for (const element of elements) forEachPath(fields[element], visit, [...prefix, element]);
}

export function hasPath(fields: Fields | undefined, path: readonly string[]): boolean {
  let at = fields;
  for (const element of path) at = at?.[element];
  return at !== undefined && isMember(at);
}

/** The set of one path. */
export function fieldsOf(path: readonly string[]): Fields {
  return path.reduceRight<Fields>((below, element) => ({ [element]: below }), LEAF);
}

export function printPath(path: readonly string[]): string {
  return path.map(printElement).join("");
}

/**
 * Reads a set that a client wrote: canonical elements, in order; unknown kinds of elements are left out.
 *
 * @throws Error where it is no FieldsV1
 */
export function readFields(value: unknown): Fields | undefined {
  if (value === undefined || value === null) return undefined;
  return node(false, readNode(value));
}

function readNode(value: unknown): Fields {
  if (!isObject(value)) throw new Error("expected an object of fields");
  const result: Fields = {};
  for (const text of Object.keys(value)) {
    const element = text === SELF ? SELF : readElement(text);
    if (element === SELF) result[SELF] = LEAF;
    else if (element !== undefined) result[element] = node(isMemberText(value[text]), withoutSelf(readNode(value[text]))) ?? LEAF;
  }
  return inOrder(result);
}

const isMemberText = (value: unknown) => isObject(value) && (SELF in value || Object.keys(value).length === 0);

function withoutSelf({ [SELF]: _self, ...rest }: Fields): Fields {
  return rest;
}
