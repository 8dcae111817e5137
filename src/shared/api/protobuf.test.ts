/** Lists, watch frames and odd bytes; the messages of all kinds are in golden.test.ts. */
import { describe, expect, test } from "vitest";
import {
  decodeEnvelope,
  decodeMessage,
  decodeProtobuf,
  decodeWatchFrame,
  encodeEnvelope,
  encodeListPieces,
  encodeMessage,
  encodeProtobuf,
  encodeWatchFrame,
} from "../apimachinery/protobuf/index.ts";
import { structSchema } from "./index.ts";

const configMap = structSchema("io.k8s.api.core.v1.ConfigMap");
const list = structSchema("io.k8s.api.core.v1.ConfigMapList");
const listMeta = structSchema("io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta");
const probe = structSchema("io.k8s.api.core.v1.Probe");
const crd = structSchema("io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition");

const items = ["a", "b"].map((name) => ({ metadata: { name }, data: { [name]: "ü".repeat(5000) } }));
const metadata = { resourceVersion: "7", continue: "x" };
const type = { apiVersion: "v1", kind: "ConfigMapList" };

test("a list put together of encoded items equals the list encoded at once", () => {
  const pieces = encodeListPieces(
    type,
    encodeMessage(listMeta, metadata),
    items.map((i) => encodeMessage(configMap, i)),
  );
  const whole = encodeProtobuf(list, { ...type, metadata, items } as object);
  expect(Buffer.concat(pieces).equals(whole)).toBe(true);
  expect(decodeProtobuf(list, whole)).toEqual({ ...type, metadata, items });
});

test("a watch frame carries its length, its type and an enveloped object", () => {
  const object = encodeEnvelope({ apiVersion: "v1", kind: "ConfigMap" }, encodeMessage(configMap, items[0]));
  const frame = encodeWatchFrame("ADDED", object);
  expect(frame.readUInt32BE(0)).toBe(frame.length - 4);
  const event = decodeWatchFrame(frame.subarray(4));
  expect(event.type).toBe("ADDED");
  expect(event.object.kind).toBe("ConfigMap");
  expect(decodeMessage(configMap, event.object.raw)).toEqual(items[0]);
});

describe("values", () => {
  const roundTrip = (schema: typeof probe, value: object) => decodeMessage(schema, encodeMessage(schema, value));

  test("negative and large integers", () => {
    for (const n of [-1, -(2 ** 31), 2 ** 31 - 1]) expect(roundTrip(probe, { periodSeconds: n })["periodSeconds"]).toBe(n);
    for (const n of [-1, 2 ** 53 - 1, -(2 ** 53 - 1)])
      expect(roundTrip(probe, { terminationGracePeriodSeconds: n })["terminationGracePeriodSeconds"]).toBe(n);
  });

  test("what JSON has flat and protobuf has nested", () => {
    const value = { httpGet: { port: "http" }, periodSeconds: 5 };
    expect(roundTrip(probe, value)).toEqual(value);
    expect(roundTrip(probe, {})).toEqual({});
  });

  test("schemas inside a definition of custom resources", () => {
    const schema = {
      type: "object",
      properties: {
        list: { type: "array", items: { type: "string" } },
        any: { additionalProperties: false, default: { a: [1, null] }, enum: ["x", 2] },
        map: { additionalProperties: { type: "integer" } },
      },
    };
    const versions = [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: schema } }];
    const { spec } = roundTrip(crd, {
      spec: { group: "g", names: { kind: "K", plural: "ks" }, scope: "Cluster", versions },
    }) as any;
    expect(spec.versions).toEqual(versions);
  });

  test("bytes that are no message are refused", () => {
    expect(() => decodeMessage(configMap, Buffer.from([0x0a, 0xff]))).toThrow("unexpected EOF");
    expect(() => decodeEnvelope(Buffer.from("hello"))).toThrow("provided data does not appear to be a protobuf message");
  });
});
