import { expect, test } from "vitest";
import { decodeBody, type BodyKind } from "./body.ts";
import type { StructSchema } from "./schema.ts";

const struct = (fields: StructSchema["fields"]): StructSchema => ({
  type: "struct",
  name: "",
  structType: "granular",
  fields,
  dynamic: true,
});
const text = { type: "scalar", scalar: "string" } as const;
const spec = { name: "spec", schema: text, required: false, ptr: true, emitZero: false, patchStrategy: [] };
const kind: BodyKind = {
  group: "example.com",
  version: "v1",
  kind: "Widget",
  schema: struct(new Map([["spec", spec as never]])),
};
const decode = (body: string) => decodeBody(kind, Buffer.from(body), "json");

test.each([
  ["null", "the object provided is unrecognized (must be of type Widget): Object 'Kind' is missing in 'null' (6e756c6c)"],
  ['{"kind":"Widget"}', "the API version in the data () does not match the expected API version (example.com/v1)"],
  [
    '{"kind":"Widget","apiVersion":"v1"}',
    "the API version in the data (v1) does not match the expected API version (example.com/v1)",
  ],
])("a custom resource in %s is refused", async (body, message) => {
  await expect(decode(body)).rejects.toMatchObject({ status: { code: 400, message } });
});

test("of an object where a text belongs every member is unknown", async () => {
  const { object, warnings } = await decode('{"kind":"Widget","apiVersion":"example.com/v1","spec":{"a":1}}');
  expect(object).toMatchObject({ spec: {} });
  expect(warnings).toContain('unknown field "spec.a"');
});
