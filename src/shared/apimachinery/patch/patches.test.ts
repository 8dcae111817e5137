import { describe, expect, it } from "vitest";
import { structSchema } from "../../api/index.ts";
import { isApiError } from "../errors.ts";
import { applyJsonPatch, applyMergePatch, applyStrategicPatch } from "./index.ts";

function refusal(act: () => unknown): { code: number; message: string } {
  try {
    act();
  } catch (error) {
    if (isApiError(error)) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error("not refused");
}

describe("JSON patch", () => {
  const document = { list: ["a", "b", "c"], map: { "x/y": 1, k: null } };
  const apply = (...operations: object[]) => applyJsonPatch(document, operations);

  it("adds, removes, moves and copies, and leaves the document alone", () => {
    expect(apply({ op: "add", path: "/list/1", value: "n" })).toMatchObject({ list: ["a", "n", "b", "c"] });
    expect(apply({ op: "remove", path: "/list/-1" })).toMatchObject({ list: ["a", "b"] });
    expect(apply({ op: "move", from: "/list/0", path: "/list/-" })).toMatchObject({ list: ["b", "c", "a"] });
    expect(apply({ op: "copy", from: "/map/x~1y", path: "/map/z" })).toMatchObject({ map: { z: 1 } });
    expect(document.list).toEqual(["a", "b", "c"]);
  });

  it("takes replace of an absent member for add, and a path without a slash for one of the root", () => {
    expect(apply({ op: "replace", path: "/map/new", value: 2 })).toMatchObject({ map: { new: 2 } });
    expect(apply({ op: "add", path: "ignored/top", value: 3 })).toMatchObject({ top: 3 });
  });

  it("tests absent and null alike", () => {
    expect(apply({ op: "test", path: "/map/k", value: null }, { op: "test", path: "/map/none" })).toEqual(document);
  });

  it.each([
    [{ op: "add", path: "/none/x", value: 1 }],
    [{ op: "add", path: "/list/9", value: 1 }],
    [{ op: "remove", path: "/map/none" }],
    [{ op: "test", path: "/list/0", value: "z" }],
    [{ op: "Add", path: "/x", value: 1 }],
    [{ op: "add", value: 1 }],
  ])("refuses %j without saying why", (operation) => {
    const message = "the server rejected our request due to an error in our request";
    expect(refusal(() => apply(operation))).toEqual({ code: 422, message });
  });

  it("limits operations and copied bytes", () => {
    expect(refusal(() => apply(...Array.from({ length: 10_001 }, () => ({}))))).toMatchObject({ code: 413 });
    const grow = Array.from({ length: 22 }, () => ({ op: "copy", from: "/big", path: "/big/-" }));
    expect(refusal(() => applyJsonPatch({ big: ["x".repeat(1000)] }, grow))).toMatchObject({ code: 422 });
  });

  it("keeps a member named __proto__ a member", () => {
    const made = applyJsonPatch({}, [{ op: "add", path: "/__proto__", value: { polluted: true } }]);
    expect(Object.keys(made as object)).toEqual(["__proto__"]);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe("merge patch", () => {
  it("removes by null, merges objects, replaces lists", () => {
    const document = { a: 1, b: { c: 2, d: 3 }, l: [1, 2] };
    expect(applyMergePatch(document, { a: null, b: { c: null, e: null }, l: [{ x: null }] })).toEqual({ b: { d: 3 }, l: [{}] });
  });

  it("refuses what is no object", () => {
    expect(refusal(() => applyMergePatch({}, null))).toEqual({ code: 400, message: "Invalid JSON Patch" });
  });
});

describe("strategic merge patch", () => {
  const schema = structSchema("io.k8s.api.core.v1.PodSpec");
  const container = (name: string, rest = {}) => ({ name, image: "i", ...rest });
  const spec = { containers: ["a", "b", "c"].map((name) => container(name)), nodeSelector: { x: "1" } };
  const patch = (change: object) =>
    applyStrategicPatch(spec, change, schema) as { containers: { name: string }[]; nodeSelector?: object };
  const names = (change: object) => patch(change).containers.map(({ name }) => name);

  it("merges lists by key, new items first", () => {
    expect(names({ containers: [{ name: "n" }] })).toEqual(["n", "a", "b", "c"]);
    expect(patch({ containers: [{ name: "b", image: "j" }] }).containers[1]).toEqual({ name: "b", image: "j" });
  });

  it("orders by $setElementOrder", () => {
    const order = ["c", "n", "a"].map((name) => ({ name }));
    expect(names({ "$setElementOrder/containers": order, containers: [{ name: "n" }] })).toEqual(["b", "c", "n", "a"]);
  });

  it("deletes and replaces items and maps", () => {
    expect(names({ containers: [{ name: "b", $patch: "delete" }] })).toEqual(["a", "c"]);
    expect(names({ containers: [container("z"), { $patch: "replace" }] })).toEqual(["z"]);
    expect(patch({ nodeSelector: { $patch: "replace", y: "2" } }).nodeSelector).toEqual({ y: "2" });
  });

  it("deletes from lists of scalars and keeps listed members only", () => {
    const meta = structSchema("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
    const change = { "$deleteFromPrimitiveList/finalizers": ["a"], finalizers: ["c"] };
    expect(applyStrategicPatch({ finalizers: ["a", "b"] }, change, meta)).toEqual({ finalizers: ["c", "b"] });
    const retained = { $retainKeys: ["nodeSelector"], nodeSelector: { y: "2" } };
    expect(applyStrategicPatch(spec, retained, schema)).toEqual({ nodeSelector: { x: "1", y: "2" } });
  });

  it("answers wrong directives with a plain 500", () => {
    const unknown = { nodeSelector: { $patch: "explode" } };
    expect(refusal(() => patch(unknown))).toEqual({
      code: 500,
      message: "unknown patch type: explode in map: map[$patch:explode]",
    });
    const keyless = { containers: [{ image: "x" }] };
    const message = "map: map[image:x] does not contain declared merge key: name";
    expect(refusal(() => patch(keyless))).toEqual({ code: 500, message });
  });
});

it("merge and JSON patches name members in order wherever they reached", () => {
  const document = { z: { b: 1, a: 2 }, a: { y: [{ d: 1, c: 2 }], x: 1 } };
  const merged = applyMergePatch(document, { a: { n: { k: 1, b: [{ z: 1, a: 1 }] } } });
  expect(JSON.stringify(merged)).toBe('{"a":{"n":{"b":[{"a":1,"z":1}],"k":1},"x":1,"y":[{"d":1,"c":2}]},"z":{"b":1,"a":2}}');
  const patched = applyJsonPatch(document, [{ op: "add", path: "/a/y/0/e", value: { b: 1, a: 1 } }]);
  expect(JSON.stringify(patched)).toBe('{"a":{"x":1,"y":[{"c":2,"d":1,"e":{"b":1,"a":1}}]},"z":{"b":1,"a":2}}');
});
