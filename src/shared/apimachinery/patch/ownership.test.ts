import { describe, expect, it } from "vitest";
import { ConfigMap, Deployment, Pod } from "../../api/index.ts";
import { decodeValue } from "../decode.ts";
import { isApiError, isConflict } from "../errors.ts";
import type { KubeObject } from "../meta.ts";
import type { JsonObject } from "./json.ts";
import {
  applyConfiguration,
  decodeApplied,
  entriesFromScale,
  entriesOfScale,
  fieldScope,
  ownershipOfCreated,
  ownershipOfUpdated,
  withoutIdleTimes,
  type ManagedFieldsEntry,
  type ManagedKind,
} from "./index.ts";

const NOON = Date.parse("2026-01-01T12:00:00Z");
const kindOf = (kind: unknown) => kind as ManagedKind;

/** A server of one object: writes it through the functions under test. */
class OneObject {
  readonly kind: ManagedKind;
  object: KubeObject | undefined;
  now = NOON;

  constructor(kind: unknown) {
    this.kind = kindOf(kind);
  }

  #writer(manager: string, subresource = "") {
    return { scope: fieldScope(this.kind, subresource), manager, now: (this.now += 1000) };
  }

  #decode(object: object): KubeObject {
    return decodeValue<KubeObject>(this.kind.schema, object).object;
  }

  #store(object: KubeObject, entries: ManagedFieldsEntry[] | undefined): this {
    object.metadata = { ...object.metadata, uid: "u" };
    delete object.metadata.managedFields;
    if (entries) object.metadata.managedFields = entries as KubeObject["metadata"]["managedFields"];
    this.object = object;
    return this;
  }

  create(manager: string, object: object): this {
    const made = this.#decode({ ...object, metadata: { name: "x", ...(object as Partial<KubeObject>).metadata } });
    return this.#store(made, ownershipOfCreated(made, this.#writer(manager)));
  }

  put(manager: string, object: object, subresource = ""): this {
    const made = this.#decode({ ...object, metadata: { name: "x", uid: "u", ...(object as Partial<KubeObject>).metadata } });
    return this.#store(made, ownershipOfUpdated(this.object!, made, this.#writer(manager, subresource)));
  }

  apply(manager: string, config: object, force = false): this {
    const apiVersion = this.kind.group ? `${this.kind.group}/${this.kind.version}` : this.kind.version;
    const full = { apiVersion, kind: this.kind.kind, metadata: { name: "x" }, ...config };
    const applied = applyConfiguration(this.object as JsonObject | undefined, full, this.#writer(manager), force);
    return this.#store(decodeApplied(this.kind, applied.object, full), applied.managedFields);
  }

  entries(): Record<string, unknown> {
    const entries = (this.object?.metadata.managedFields ?? []) as ManagedFieldsEntry[];
    return Object.fromEntries(
      entries.map((e) => [`${e.operation} ${e.manager}${e.subresource ? `/${e.subresource}` : ""}`, e.fieldsV1]),
    );
  }

  get data(): unknown {
    return (this.object as { data?: unknown }).data;
  }
}

const own = (...names: string[]) => Object.fromEntries(names.map((name) => [name === "." ? name : `f:${name}`, {}]));
const configMap = () => new OneObject(ConfigMap);

describe("updates", () => {
  it("own all that they create, maps and items with themselves, always present structs without", () => {
    const deployment = new OneObject(Deployment).create("me", {
      spec: { template: { spec: { containers: [{ name: "c", image: "i" }] } }, strategy: { type: "Recreate" } },
    });
    const item = { ".": {}, "f:image": {}, "f:name": {}, "f:resources": {} };
    expect(deployment.entries()).toEqual({
      "Update me": {
        "f:spec": { "f:strategy": { "f:type": {} }, "f:template": { "f:spec": { "f:containers": { 'k:{"name":"c"}': item } } } },
      },
    });
  });

  it("move what they change to themselves and take what they remove from all", () => {
    const object = configMap()
      .create("a", { data: { k: "1", l: "2", m: "3" } })
      .put("b", { data: { k: "1", l: "two" } });
    expect(object.entries()).toEqual({ "Update a": { "f:data": own(".", "k") }, "Update b": { "f:data": own("l") } });
  });

  it("keep entry and time where nothing changes", () => {
    const object = configMap().create("a", { data: { k: "1" } });
    const before = object.object!.metadata.managedFields;
    expect(object.put("b", { data: { k: "1" } }).object!.metadata.managedFields).toBe(before);
  });

  it("cannot own through /status what it resets", () => {
    const pod = new OneObject(Pod).create("a", { spec: { containers: [{ name: "c" }] } });
    pod.put("kubelet", { spec: { nodeName: "n", containers: [{ name: "c" }] }, status: { phase: "Running" } }, "status");
    expect(pod.entries()["Update kubelet/status"]).toEqual({ "f:status": { "f:phase": {} } });
  });

  it("own through /resize what they send, kept or not", () => {
    const pod = new OneObject(Pod).create("a", { spec: { containers: [{ name: "c", command: ["x"] }] } });
    pod.put("b", { spec: { containers: [{ name: "c", image: "i" }] } }, "resize");
    const inContainer = (fields: object) => ({ "f:spec": { "f:containers": { 'k:{"name":"c"}': fields } } });
    expect(pod.entries()["Update b/resize"]).toEqual(inContainer(own("image")));
  });

  it("forget all entries on request, and stay untracked then", () => {
    const object = configMap().create("a", { data: { k: "1" } });
    object.put("b", { metadata: { managedFields: [{}] }, data: { k: "2" } });
    expect(object.entries()).toEqual({});
    expect(object.put("c", { data: { k: "3" } }).entries()).toEqual({});
  });

  it("flow together in ancient-changes beyond ten managers", () => {
    const object = configMap().create("m0", { data: { k0: "0" } });
    const data: Record<string, string> = { k0: "0" };
    for (let i = 1; i < 12; i++) object.put(`m${i}`, { data: { ...data, [`k${i}`]: (data[`k${i}`] = "x") } });
    const names = Object.keys(object.entries());
    expect(names).toHaveLength(10);
    expect(object.entries()["Update ancient-changes"]).toEqual({ "f:data": own(".", "k0", "k1", "k2") });
  });
});

describe("apply", () => {
  it.each([
    [{ replicas: 1.5 }, "cannot convert float64 to int32"],
    [{ strategy: { rollingUpdate: { maxSurge: {} } } }, "json: cannot unmarshal object into Go value of type int32"],
    [{ template: { metadata: { creationTimestamp: 5 } } }, "json: cannot unmarshal number into Go value of type string"],
  ])("names what it was given where %j does not fit", (spec, message) => {
    const convert = "unable to convert unstructured object to apps/v1, Kind=Deployment";
    const object = new OneObject(Deployment).create("a", { metadata: { namespace: "n" } });
    expect(() => object.apply("b", { spec })).toThrow(
      `failed to convert new object (/x; apps/v1, Kind=Deployment) to proper version: ${convert}: ${message}`,
    );
  });

  it("owns what it states, not what is on the way", () => {
    expect(
      configMap()
        .apply("a", { data: { k: "1" } })
        .entries(),
    ).toEqual({ "Apply a": { "f:data": own("k") } });
  });

  it("removes what it stated before and does not state any more, unless somebody else owns it", () => {
    const object = configMap()
      .apply("a", { data: { k: "1", l: "2" } })
      .apply("b", { data: { l: "2" } });
    expect(object.apply("a", { data: {} }).data).toEqual({ l: "2" });
  });

  it("conflicts with owners of another value, shares the same one, and takes by force", () => {
    const object = configMap()
      .create("up", { data: { k: "1" } })
      .apply("a", { data: { k: "1" } });
    expect(Object.keys(object.entries())).toEqual(["Apply a", "Update up"]);
    try {
      object.apply("b", { data: { k: "2" } });
      expect.unreachable();
    } catch (error) {
      expect(isConflict(error)).toBe(true);
      expect((error as Error).message).toBe(
        'Apply failed with 2 conflicts: conflicts with "a":\n- .data.k\nconflicts with "up" using v1:\n- .data.k',
      );
    }
    expect(object.apply("b", { data: { k: "2" } }, true).entries()).toEqual({
      "Apply b": { "f:data": own("k") },
      "Update up": { "f:data": {} },
    });
  });

  it("gives what nobody is recorded for to before-first-apply", () => {
    const object = configMap().create("a", { data: { k: "1" } });
    object.put("a", { metadata: { managedFields: [{}] }, data: { k: "1" } });
    expect(object.apply("b", { data: { l: "2" } }).entries()).toEqual({
      "Apply b": { "f:data": own("l") },
      "Update before-first-apply": { "f:data": own(".", "k") },
    });
  });

  it("refuses with a plain 500 what does not fit the schema", () => {
    const spec = (containers: unknown) => ({ spec: { template: { spec: { containers } } } });
    const text = (containers: unknown) => {
      try {
        new OneObject(Deployment).apply("a", spec(containers));
      } catch (error) {
        return isApiError(error) && error.code === 500 ? error.message.replace(/^.*?\): /, "") : String(error);
      }
      return "accepted";
    };
    const at = ".spec.template.spec.containers";
    expect(text([{ name: "a" }, { name: "a" }])).toBe(`${at}: duplicate entries for key [name="a"]`);
    expect(text([null])).toBe(`${at}: element 0: associative list with keys may not have a null element`);
    expect(text([{ name: "a", colour: 1 }])).toBe(`${at}[name="a"].colour: field not declared in schema`);
  });
});

describe("times", () => {
  it("go back where a write changed nothing else", () => {
    const entry = { manager: "a", operation: "Apply", apiVersion: "v1", time: "2026-01-01T00:00:00Z", fieldsType: "FieldsV1" };
    const object = (time: string, data: object) =>
      ({
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "x", managedFields: [{ ...entry, time }] },
        data,
      }) as unknown as KubeObject;
    const [live, same, other] = [object("1", { k: "v" }), object("2", { k: "v" }), object("2", { k: "w" })];
    expect(withoutIdleTimes(live, same)).toBe(live.metadata.managedFields);
    expect(withoutIdleTimes(live, other)).toBe(other.metadata.managedFields);
  });
});

describe("scale", () => {
  it("shows the owners of the replicas and takes the field from them", () => {
    const paths = { "apps/v1": ["spec", "replicas"] };
    const entry = (manager: string, fieldsV1: object): ManagedFieldsEntry => ({
      manager,
      operation: "Apply",
      apiVersion: "apps/v1",
      fieldsType: "FieldsV1",
      fieldsV1: fieldsV1 as never,
    });
    const object = [entry("a", { "f:spec": own("paused", "replicas") })];
    const seen = entriesOfScale(object, paths)!;
    expect(seen).toEqual([{ ...entry("a", { "f:spec": own("replicas") }), apiVersion: "autoscaling/v1" }]);
    const taken = [{ ...seen[0]!, manager: "b" }];
    expect(entriesFromScale(object, taken, "apps/v1", paths)).toEqual([
      entry("a", { "f:spec": own("paused") }),
      entry("b", { "f:spec": own("replicas") }),
    ]);
  });
});
