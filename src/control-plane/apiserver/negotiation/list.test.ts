import { expect, test } from "vitest";
import { ConfigMap } from "../../../shared/api/index.ts";
import { structSchema } from "../../../shared/api/schemas.ts";
import type { KubeObject } from "../../../shared/apimachinery/meta.ts";
import { encodeProtobuf } from "../../../shared/apimachinery/protobuf/index.ts";
import { CachedObject } from "../cache/cached-object.ts";
import { headOf, serialize } from "../cache/layout.ts";
import { plainJson } from "../chain/failure.ts";
import type { Served } from "../registry/resources.ts";
import { encodedAhead, protobufForm, protobufList } from "./list.ts";

test("metadata of many objects in protobuf: the same bytes as in one piece, encoded in turns", async () => {
  const shape = { schema: ConfigMap.schema, head: headOf("ConfigMap", "v1"), fields: () => ({}) };
  const served = { kind: ConfigMap, head: shape.head } as unknown as Served;
  const objects = Array.from({ length: 300 }, (_, i) => ({
    kind: "ConfigMap",
    apiVersion: "v1",
    metadata: { name: `c-${i}`, namespace: "a" },
    data: { a: "b" },
  }));
  const entries = objects.map((object, i) => {
    const place = { key: `a/c-${i}`, namespace: "a", name: `c-${i}` };
    return CachedObject.fromStore(place, serialize(ConfigMap.schema, object as unknown as KubeObject), shape, 7);
  });
  const format = { ...plainJson, media: "protobuf", as: { kind: "PartialObjectMetadataList", version: "v1" } } as const;
  await encodedAhead(served, entries, format);
  const meta = { resourceVersion: "7" };
  const list = Buffer.concat([...protobufList(served, entries, meta, protobufForm(format)!)]);
  const items = entries.map(({ object }) => ({ metadata: object.metadata }));
  const whole = { kind: "PartialObjectMetadataList", apiVersion: "meta.k8s.io/v1", metadata: meta, items };
  const schema = structSchema("io.k8s.apimachinery.pkg.apis.meta.v1.PartialObjectMetadataList");
  expect(list.equals(encodeProtobuf(schema, whole))).toBe(true);
});
