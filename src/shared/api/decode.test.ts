/** Decoding and encoding through real schemas: the texts clients see, and the normal form. */
import { describe, expect, test } from "vitest";
import { decodeText, type Decoded } from "../apimachinery/decode.ts";
import { applyDefaults } from "../apimachinery/defaults.ts";
import { encodeJson } from "../apimachinery/encode.ts";
import { structSchema } from "./index.ts";

const configMap = structSchema("io.k8s.api.core.v1.ConfigMap");
const deployment = structSchema("io.k8s.api.apps.v1.Deployment");
const pod = structSchema("io.k8s.api.core.v1.Pod");
const clusterRole = structSchema("io.k8s.api.rbac.v1.ClusterRole");

const strict = (schema: typeof pod, text: string): Decoded => decodeText(schema, text, { strict: true });
const json = (schema: typeof pod, value: unknown) => decodeText(schema, JSON.stringify(value)).object;

describe("unknown and duplicate fields", () => {
  test("are named by path, in document order", () => {
    const text = `{"metadata":{"name":"one","color":"red"},"data":{"a":"1"},"data":{"a":"2","a":"3"},"extra":1,"Data":{}}`;
    const { object, strict: found } = strict(configMap, text);
    expect(found).toEqual([
      'unknown field "metadata.color"',
      'duplicate field "data"',
      'duplicate field "data.a"',
      'unknown field "extra"',
      'unknown field "Data"',
    ]);
    expect(object["data"]).toEqual({ a: "3" });
  });

  test("inside lists", () => {
    const { strict: found } = strict(
      deployment,
      `{"spec":{"template":{"spec":{"containers":[{"name":"a","imagePolicy":"x"}],"colour":1}}}}`,
    );
    expect(found).toEqual([
      'unknown field "spec.template.spec.containers[0].imagePolicy"',
      'unknown field "spec.template.spec.colour"',
    ]);
  });

  test("a repeated object merges into the first, as Go does it", () => {
    expect(strict(configMap, `{"data":{"a":"1"},"data":{"b":"2"}}`).object["data"]).toEqual({ a: "1", b: "2" });
  });
});

describe("wrong types carry Go's texts", () => {
  test.each([
    [
      configMap,
      { metadata: { labels: { a: 5 } } },
      "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string",
    ],
    [configMap, { data: [] }, "json: cannot unmarshal array into Go struct field ConfigMap.data of type map[string]string"],
    [
      configMap,
      { metadata: "one" },
      "json: cannot unmarshal string into Go struct field ConfigMap.metadata of type v1.ObjectMeta",
    ],
    [
      deployment,
      { spec: { replicas: "three" } },
      "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32",
    ],
    [
      deployment,
      { spec: { replicas: 2.5 } },
      "json: cannot unmarshal number 2.5 into Go struct field DeploymentSpec.spec.replicas of type int32",
    ],
    [
      pod,
      { spec: { containers: {} } },
      "json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container",
    ],
    [
      pod,
      { spec: { containers: [{ command: "x" }] } },
      "json: cannot unmarshal string into Go struct field Container.spec.containers.command of type []string",
    ],
    [
      configMap,
      { metadata: { creationTimestamp: "yesterday" } },
      'parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"',
    ],
    [
      structSchema("io.k8s.api.coordination.v1.Lease"),
      { spec: { renewTime: "2020-01-01T00:00:00.123456789Z" } },
      'parsing time "2020-01-01T00:00:00.123456789Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "789Z" as "Z07:00"',
    ],
    [configMap, { binaryData: { a: "***" } }, "illegal base64 data at input byte 0"],
  ])("%#", (schema, value, message) => expect(() => json(schema, value)).toThrow(message));

  test("integers have no other spelling", () => {
    expect(() => decodeText(deployment, `{"spec":{"replicas":2.0}}`)).toThrow(
      "json: cannot unmarshal number 2.0 into Go struct field DeploymentSpec.spec.replicas of type int32",
    );
    expect(() => decodeText(deployment, `{"spec":{"replicas":2e0}}`)).toThrow("number 2e0 into");
  });

  test.each([
    ["", "unexpected end of JSON input"],
    ['{"a"', "unexpected end of JSON input"],
    ["{a:1}", "invalid character 'a' looking for beginning of object key string"],
    ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
    ["[1 2]", "invalid character '2' after array element"],
    ["tru3", "invalid character '3' in literal true (expecting 'e')"],
    ["{}x", "invalid character 'x' after top-level value"],
  ])("no JSON: %s", (text, message) => expect(() => decodeText(configMap, text)).toThrow(message));
});

describe("the normal form", () => {
  test("drops zero values and nulls, keeps pointers", () => {
    const object = json(deployment, {
      metadata: { name: "a", labels: null, annotations: {}, finalizers: [] },
      spec: { replicas: 0, paused: false },
    });
    expect(object["metadata"]).toEqual({ name: "a" });
    expect(object["spec"]).toMatchObject({ replicas: 0, strategy: {}, template: { metadata: {}, spec: { containers: [] } } });
    expect(object["spec"]).not.toHaveProperty("paused");
  });

  test("a null inside a map or a list is the zero value", () => {
    expect(json(configMap, { metadata: { labels: { a: null } } })["metadata"]).toEqual({ labels: { a: "" } });
  });

  test("has upstream's spelling of quantities, times and base64", () => {
    const limits = { cpu: 0.5, memory: "1024Mi" };
    const object = json(pod, {
      metadata: { creationTimestamp: "2026-01-02T05:04:05.5+02:00" },
      spec: { containers: [{ name: "a", resources: { limits } }] },
    });
    expect(object["metadata"]).toEqual({ creationTimestamp: "2026-01-02T03:04:05Z" });
    expect(object).toHaveProperty("spec.containers.0.resources", { limits: { cpu: "500m", memory: "1Gi" } });
    expect(json(configMap, { binaryData: { a: "aGk=\n", b: null } })["binaryData"]).toEqual({ a: "aGk=", b: "" });
  });

  test("always emitted lists are empty in memory and null in JSON", () => {
    const { object } = decodeText(clusterRole, `{"kind":"ClusterRole","metadata":{"name":"a"},"rules":null}`);
    expect(object).toEqual({ kind: "ClusterRole", metadata: { name: "a" }, rules: [] });
    expect(encodeJson(clusterRole, object)).toBe(`{"kind":"ClusterRole","metadata":{"name":"a"},"rules":null}`);
  });

  test("fields come in the schema's order, and a key named __proto__ is just a key", () => {
    const { object } = decodeText(
      configMap,
      `{"data":{"__proto__":"x"},"metadata":{"name":"a"},"apiVersion":"v1","kind":"ConfigMap"}`,
    );
    expect(encodeJson(configMap, object)).toBe(
      `{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a"},"data":{"__proto__":"x"}}`,
    );
  });
});

test("declared defaults fill what is absent", () => {
  const object = json(pod, { spec: { containers: [{ name: "a", ports: [{ containerPort: 80 }] }] } });
  applyDefaults(pod, object);
  expect(object).toHaveProperty("spec.containers.0.ports.0.protocol", "TCP");
});
