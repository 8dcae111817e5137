/**
 * JSON patch (RFC 6902), with the readings of the library behind the API server: `replace` of an absent member adds it, indices may
 * be negative, the text before the first slash of a path is ignored, a missing `value` is null.
 *
 * @source vendor/gopkg.in/evanphx/json-patch.v4, staging/src/k8s.io/apiserver/pkg/endpoints/handlers/patch.go v1.36
 */
import { apiError, badRequest, requestEntityTooLarge, type ApiError } from "../errors.ts";
import { deepCopy, deepEqual, hasMember, inNameOrder, isObject, jsonKind, setMember, type JsonObject } from "./json.ts";

const MAX_OPERATIONS = 10_000;
const MAX_COPIED_BYTES = 3 * 1024 * 1024;

type Container = JsonObject | unknown[];

/** The answer to every patch that is well formed and does not apply: which operation failed is not told. */
function patchDoesNotApply(): ApiError {
  return apiError(422, "Invalid", "the server rejected our request due to an error in our request", {});
}

/**
 * Applies `operations` in order; all or none.
 *
 * @param document any JSON value; not changed
 * @param operations the decoded patch body
 * @returns with members by name wherever an operation reached, as refusals show it
 * @throws 400 where the body is no list of objects, 413 for more than 10,000 operations, 422 where one does not apply
 */
export function applyJsonPatch(document: unknown, operations: unknown): unknown {
  const list = decodeOperations(operations);
  if (list.length > MAX_OPERATIONS) {
    const text = `The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${list.length}`;
    throw requestEntityTooLarge(`Request entity too large: ${text}`);
  }
  const state: State = { root: deepCopy(document), copiedBytes: 0, opened: new Set() };
  for (const operation of list) applyOperation(state, operation);
  state.opened.add(state.root);
  return inOrder(state.root, state.opened);
}

function inOrder(value: unknown, opened: ReadonlySet<unknown>): unknown {
  if (!opened.has(value)) return value;
  if (Array.isArray(value)) return value.map((item) => inOrder(item, opened));
  if (!isObject(value)) return value;
  for (const [name, member] of Object.entries(value)) setMember(value, name, inOrder(member, opened));
  return inNameOrder(value);
}

interface State {
  root: unknown;
  copiedBytes: number;
  /** Objects and lists on the way of a path. */
  opened: Set<unknown>;
}

function decodeOperations(operations: unknown): JsonObject[] {
  if (operations === null) return [];
  const refuse = (value: unknown, into: string) =>
    badRequest(`json: cannot unmarshal ${jsonKind(value)} into Go value of type ${into}`);
  if (!Array.isArray(operations)) throw refuse(operations, "jsonpatch.Patch");
  return operations.map((operation) => {
    if (operation === null) return {};
    if (!isObject(operation)) throw refuse(operation, "jsonpatch.Operation");
    return operation;
  });
}

function applyOperation(state: State, operation: JsonObject): void {
  switch (operation.op) {
    case "add":
      return add(state, pathOf(operation, "path"), operation.value ?? null);
    case "remove":
      remove(state, pathOf(operation, "path"));
      return;
    case "replace":
      return replace(state, pathOf(operation, "path"), operation.value ?? null);
    case "move": {
      const value = remove(state, pathOf(operation, "from"));
      return add(state, pathOf(operation, "path"), value);
    }
    case "copy":
      return copy(state, operation);
    case "test":
      return test(state, operation);
    default:
      throw patchDoesNotApply();
  }
}

function pathOf(operation: JsonObject, member: "path" | "from"): string {
  const path = operation[member];
  if (typeof path !== "string") throw patchDoesNotApply();
  return path;
}

/** The container that holds the path's last segment, and that segment. */
function resolve(state: State, path: string): { container: Container; key: string } {
  const segments = path.split("/").slice(1).map(unescape);
  const key = segments.pop();
  let at: unknown = state.root;
  state.opened.add(at);
  for (const segment of segments) state.opened.add((at = isContainer(at) ? get(at, segment) : undefined));
  if (key === undefined || !isContainer(at)) throw patchDoesNotApply();
  return { container: at, key };
}

const unescape = (segment: string) => segment.replace(/~[01]/g, (escape) => (escape === "~1" ? "/" : "~"));
const isContainer = (value: unknown): value is Container => typeof value === "object" && value !== null;

function get(container: Container, key: string): unknown {
  if (!Array.isArray(container)) return hasMember(container, key) ? container[key] : undefined;
  return container[indexOf(key, container.length, container.length - 1)];
}

/** Reads an index; `-1` is the last of `length` places. */
function indexOf(key: string, length: number, last: number): number {
  if (!/^[+-]?\d+$/.test(key)) throw patchDoesNotApply();
  const index = Number(key) < 0 ? Number(key) + length : Number(key);
  if (index < 0 || index > last) throw patchDoesNotApply();
  return index;
}

function add(state: State, path: string, value: unknown): void {
  const { container, key } = resolve(state, path);
  if (!Array.isArray(container)) setMember(container, key, value);
  else if (key === "-") container.push(value);
  else container.splice(indexOf(key, container.length + 1, container.length), 0, value);
}

function remove(state: State, path: string): unknown {
  const { container, key } = resolve(state, path);
  if (Array.isArray(container)) return container.splice(indexOf(key, container.length, container.length - 1), 1)[0];
  if (!hasMember(container, key)) throw patchDoesNotApply();
  const value = container[key];
  delete container[key];
  return value;
}

function replace(state: State, path: string, value: unknown): void {
  if (path === "") {
    if (!isContainer(value)) throw patchDoesNotApply();
    state.root = value;
    return;
  }
  const { container, key } = resolve(state, path);
  if (Array.isArray(container)) container[indexOf(key, container.length, container.length - 1)] = value;
  else setMember(container, key, value);
}

function copy(state: State, operation: JsonObject): void {
  const from = resolve(state, pathOf(operation, "from"));
  const value = get(from.container, from.key) ?? null;
  const path = pathOf(operation, "path");
  resolve(state, path);
  if (value !== null) state.copiedBytes += Buffer.byteLength(JSON.stringify(value));
  if (state.copiedBytes > MAX_COPIED_BYTES) throw patchDoesNotApply();
  add(state, path, deepCopy(value));
}

function test(state: State, operation: JsonObject): void {
  const path = pathOf(operation, "path");
  const wanted = operation.value ?? null;
  let actual = state.root;
  if (path !== "") {
    const { container, key } = resolve(state, path);
    actual = get(container, key) ?? null;
  }
  if (!deepEqual(actual, wanted)) throw patchDoesNotApply();
}
