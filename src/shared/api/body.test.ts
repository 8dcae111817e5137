/** Request bodies: what is refused and how, in each format. */
import { describe, expect, test } from "vitest";
import { decodeBody, type BodyFormat, type BodyOptions } from "../apimachinery/body.ts";
import { ConfigMap, Deployment } from "./index.ts";

const registered = (group: string, version: string, kind: string) =>
  group === "" && version === "v1" && ["ConfigMap", "Secret", "Pod"].includes(kind);
const read = (body: string | Uint8Array, format: BodyFormat = "json", options: BodyOptions = {}) =>
  decodeBody<Record<string, any>>(ConfigMap, Buffer.from(body as string), format, { registered, ...options });

const json = (value: unknown) => read(JSON.stringify(value));

describe("a body's type", () => {
  test("is completed from the path", async () => {
    expect((await json({ kind: "ConfigMap", metadata: { name: "one" } })).object).toEqual({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "one" },
    });
    expect((await json(null)).object).toEqual({ apiVersion: "v1", kind: "ConfigMap", metadata: {} });
  });

  test.each([
    [
      { apiVersion: "v1", kind: "Secret" },
      'Secret in version "v1" cannot be handled as a ConfigMap: converting (v1.Secret) to (core.ConfigMap): unknown conversion',
    ],
    [
      { apiVersion: "apps/v1", kind: "ConfigMap" },
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: no kind "ConfigMap" is registered for version "apps/v1" in scheme "pkg/api/legacyscheme/scheme.go:30"',
    ],
    [
      { apiVersion: "a/b/c", kind: "ConfigMap", metadata: { name: "one" } },
      `the object provided is unrecognized (must be of type ConfigMap): unexpected GroupVersion string: a/b/c ({"apiVersion":"a/b/c","kind":" ...)`,
    ],
    [
      { metadata: { name: 5 } },
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ObjectMeta.metadata.name of type string',
    ],
  ])("%#", (value, message) => expect(json(value)).rejects.toThrow(message));

  test("of an older version of the group", () => {
    const body = decodeBody(Deployment, Buffer.from('{"apiVersion":"apps/v1beta1","kind":"Deployment"}'), "json");
    return expect(body).rejects.toThrow(
      "the API version in the data (apps/v1beta1) does not match the expected API version (apps/v1)",
    );
  });
});

describe("field validation", () => {
  const body = '{"metadata":{"name":"two"},"data":{"a":"1"},"data":{"a":"2","a":"3"},"extra":1}';
  const faults = ['duplicate field "data"', 'duplicate field "data.a"', 'unknown field "extra"'];

  test("warns by default, keeps quiet on Ignore", async () => {
    expect((await read(body)).warnings).toEqual(faults);
    expect((await read(body, "json", { fieldValidation: "Ignore" })).warnings).toEqual([]);
  });

  test("refuses on Strict", () =>
    expect(read(body, "json", { fieldValidation: "Strict" })).rejects.toThrow(
      `ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: ${faults.join(", ")}`,
    ));

  test("in YAML names the line", async () => {
    const yaml = 'metadata:\n  name: three\n  name: three\ndata: {a: "1"}\nextra: {x: 1}\n';
    expect((await read(yaml, "yaml")).warnings).toEqual(['line 3: key "name" already set in map', 'unknown field "extra"']);
    await expect(read(yaml, "yaml", { fieldValidation: "Strict" })).rejects.toThrow(
      'strict decoding error: yaml: unmarshal errors:\n  line 3: key "name" already set in map, unknown field "extra"',
    );
  });
});

describe("YAML", () => {
  test("has YAML 1.1's scalars, without times and base 60", async () => {
    const yaml =
      'metadata: {name: one, annotations: {t: 2026-01-02, p: 22:22}}\nimmutable: on\ndata: {a: "yes", b: "010", d: ~, e: ""}';
    expect((await read(yaml, "yaml")).object).toMatchObject({
      metadata: { annotations: { t: "2026-01-02", p: "22:22" } },
      immutable: true,
      data: { a: "yes", b: "010", d: "", e: "" },
    });
  });

  test.each([
    ["a: b: c", "yaml: mapping values are not allowed in this context (613a20623a2063)"],
    ["\tx", "yaml: found character that cannot start any token (0978)"],
    ["a: *none", "yaml: unknown anchor 'none' referenced (613a202a6e6f6e65)"],
    ["a: 1\nb: {c: d\n", "yaml: line 2: did not find expected ',' or '}' (613a20310a623a207b633a20640a)"],
    ["metadata: {name: one", "yaml: line 1: did not find expected ',' or '}' (6d657461646174613a207b6e616d653a206f6e65)"],
  ])("%j is refused", (yaml, message) =>
    expect(read(yaml, "yaml")).rejects.toThrow(`the object provided is unrecognized (must be of type ConfigMap): ${message}`),
  );

  test("of other types is refused with Go's text", async () => {
    const wrong = 'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal';
    await expect(read("data: {a: 1}", "yaml")).rejects.toThrow(
      `${wrong} number into Go struct field ConfigMap.data of type string`,
    );
    await expect(read("data: {a: yes}", "yaml")).rejects.toThrow(
      `${wrong} bool into Go struct field ConfigMap.data of type string`,
    );
    expect((await read("", "yaml")).object).toEqual({ apiVersion: "v1", kind: "ConfigMap", metadata: {} });
  });
});

describe("protobuf", () => {
  const protobuf = (base64: string) => read(Buffer.from(base64, "base64"), "protobuf");

  test("with and without a type", async () => {
    const full = await protobuf("azhzAAoPCgJ2MRIJQ29uZmlnTWFwEg8KBQoDb25lEgYKAWESATE=");
    expect(full.object).toEqual({ kind: "ConfigMap", apiVersion: "v1", metadata: { name: "one" }, data: { a: "1" } });
    expect((await protobuf("azhzAAoECgASABIPCgUKA3R3bxIGCgFhEgEx")).object["metadata"]).toEqual({ name: "two" });
  });

  test.each([
    ["aGVsbG8=", "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0] (68656c6c6f)"],
    ["azhzAA==", "empty body (6b387300)"],
    ["", "empty data (<empty>)"],
  ])("%j is refused", (base64, message) => expect(protobuf(base64)).rejects.toThrow(message));
});
