/**
 * Documents as clients read them, and compared with upstream's version 2 document, which is not part of the repository: that test reads
 * `../shared/upstream/openapi-v2-1.36.json` beside it and is skipped where the file is absent.
 */
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { builtInKinds, defineKind, type Kind } from "../../../shared/api/index.ts";
import type { StructSchema } from "../../../shared/apimachinery/schema.ts";
import { noDescriptions } from "./descriptions.ts";
import { documentV2 } from "./documents.ts";
import { OpenApi } from "./publish.ts";

const source = {
  kinds: () => builtInKinds,
  generation: () => 1,
  version: "1.36",
  build: () => "test",
  descriptions: noDescriptions,
  now: () => 0,
};
const openApi = new OpenApi(source);
const get = (path: string, headers: Record<string, string> = {}, query = "") =>
  openApi.handle({ path, headers, query: new URLSearchParams(query) })!;
const json = (path: string) => JSON.parse(get(path).body.toString());

describe("publishing", () => {
  test("the root lists hashed addresses, and they may be kept forever", () => {
    const { serverRelativeURL } = json("/openapi/v3").paths["apis/apps/v1"];
    const [path, query] = serverRelativeURL.split("?");
    const answer = get(path, {}, query);
    expect(answer.code).toBe(200);
    expect(answer.headers).toMatchObject({ "content-type": "application/json", "cache-control": "public, immutable" });
    expect(get(path, { "if-none-match": answer.headers["etag"]! }).code).toBe(304);
    expect(get(path, {}, "hash=stale")).toMatchObject({ code: 301, headers: { location: serverRelativeURL } });
  });

  test("documents exist in their media types", () => {
    const v2 = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
    expect(get("/openapi/v2", { accept: v2.replace(".v2.v1", ".v2@v1") }).headers["content-type"]).toBe(v2);
    expect(get("/openapi/v3/apis/apps/v1", { accept: "application/com.github.proto-openapi.spec.v3.v1.0+protobuf" }).code).toBe(
      200,
    );
    expect(get("/openapi/v2", { accept: "text/html" }).code).toBe(406);
    expect(get("/openapi/v3/apis/nope/v1").code).toBe(404);
    expect(openApi.handle({ path: "/openapi/v1", headers: {}, query: new URLSearchParams() })).toBeUndefined();
  });
});

test("operations say what kubectl looks for", () => {
  const { patch } = json("/openapi/v3/apis/apps/v1").paths["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"];
  expect(patch.parameters.map((p: { name: string }) => p.name)).toEqual(["dryRun", "fieldManager", "fieldValidation", "force"]);
  expect(patch["x-kubernetes-group-version-kind"]).toEqual({ group: "apps", version: "v1", kind: "Deployment" });
});

test("schemas carry what merging needs", () => {
  const { schemas } = json("/openapi/v3/api/v1").components;
  expect(schemas["io.k8s.api.core.v1.PodSpec"].properties.containers).toEqual({
    type: "array",
    items: { $ref: "#/components/schemas/io.k8s.api.core.v1.Container" },
    "x-kubernetes-list-map-keys": ["name"],
    "x-kubernetes-list-type": "map",
    "x-kubernetes-patch-merge-key": "name",
    "x-kubernetes-patch-strategy": "merge",
  });
  expect(schemas["io.k8s.api.core.v1.ContainerPort"].properties.protocol).toEqual({
    type: "string",
    enum: ["SCTP", "TCP", "UDP"],
    default: "TCP",
  });
});

const file = new URL("../../../../../shared/upstream/openapi-v2-1.36.json", import.meta.url);
const absent = !existsSync(file);

describe.skipIf(absent)(`upstream's document${absent ? " (skipped: ../shared/upstream is not there)" : ""}`, () => {
  const upstream = absent ? undefined : JSON.parse(readFileSync(file, "utf8"));
  const ours = documentV2({
    kinds: builtInKinds,
    version: "1.36",
    descriptions: noDescriptions,
    published: () => undefined,
  }) as any;

  test("has the same properties in every definition of ours", () => {
    const differences = [];
    for (const [name, schema] of Object.entries<any>(ours.definitions)) {
      const theirs = upstream.definitions[name];
      for (const key of new Set([...Object.keys(schema.properties ?? {}), ...Object.keys(theirs?.properties ?? {})])) {
        const [a, b] = [comparable(schema.properties?.[key]), comparable(theirs?.properties?.[key])];
        if (a !== b) differences.push(`${name}.${key}: ${a} instead of ${b}`);
      }
      if (String([...(schema.required ?? [])].sort()) !== String([...(theirs?.required ?? [])].sort()))
        differences.push(`${name}: required`);
    }
    expect(differences).toEqual([
      // FIXME: the one list that is base64 in JSON; its declared list type is not in the schema table.
      expect.stringContaining("APIServiceSpec.caBundle"),
    ]);
  });

  test("has our paths, methods, operation ids and parameters", () => {
    const missing = [];
    for (const [path, item] of Object.entries<any>(ours.paths)) {
      for (const [method, operation] of Object.entries<any>(item)) {
        if (method === "parameters") continue;
        const theirs = upstream.paths[path];
        const names = [
          ...parameterNames(upstream, theirs?.parameters),
          ...parameterNames(upstream, theirs?.[method]?.parameters),
        ].sort();
        const mine = [...parameterNames(ours, item.parameters), ...parameterNames(ours, operation.parameters)].sort();
        if (theirs?.[method]?.operationId !== operation.operationId || String(names) !== String(mine))
          missing.push(`${method} ${path}`);
      }
    }
    expect(missing).toEqual([]);
  });
});

const parameterNames = (document: any, parameters: any[] = []): string[] =>
  parameters
    .map((p) => (p.$ref ? document.parameters[p.$ref.split("/").pop()] : p))
    .map((p) => `${p.in} ${p.name} ${p.type ?? ""}`);

/** Without prose and without the enums that only a running server adds. */
function comparable(property: any): string {
  if (!property) return "nothing";
  const { description: _description, enum: _enum, items, additionalProperties, ...rest } = property;
  const inner = (v: any) => (v && typeof v === "object" ? comparable(v) : v);
  const all = { ...rest, items: inner(items), additionalProperties: inner(additionalProperties) };
  return JSON.stringify(Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1))));
}

const META = "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

describe("custom resources", () => {
  const struct = (name: string, fields: Record<string, unknown>): StructSchema =>
    ({
      type: "struct",
      dynamic: true,
      structType: "granular",
      name,
      fields: new Map(Object.entries(fields)),
    }) as unknown as StructSchema;
  const field = (name: string, schema: unknown) => ({
    name,
    schema,
    required: false,
    ptr: false,
    emitZero: false,
    patchStrategy: [],
  });
  const spec = struct("", { size: field("size", { type: "scalar", scalar: "int32" }) });
  const widget = defineKind({
    group: "example.com",
    version: "v1",
    kind: "Widget",
    plural: "widgets",
    singular: "widget",
    scope: "Namespaced",
    shortNames: [],
    categories: [],
    verbs: ["get", "list", "create", "update", "patch", "delete", "watch"],
    definition: "com.example.v1.Widget",
    subresources: [],
    columns: [],
    schema: struct("com.example.v1.Widget", { spec: field("spec", spec) }),
  });
  const documentOf = (kind: Kind<any>) => {
    const api = new OpenApi({ ...source, kinds: () => [...builtInKinds, kind] });
    return JSON.parse(
      api.handle({ path: "/openapi/v3/apis/example.com/v1", headers: {}, query: new URLSearchParams() })!.body.toString(),
    );
  };

  test("have a document like any other kind", () => {
    const document = documentOf(widget);
    expect(document.info.title).toBe("Kubernetes CRD Swagger");
    expect(document.paths["/apis/example.com/v1/namespaces/{namespace}/widgets"].get.operationId).toBe(
      "listExampleComV1NamespacedWidget",
    );
    const { patch } = document.paths["/apis/example.com/v1/namespaces/{namespace}/widgets/{name}"];
    expect(Object.keys(patch.requestBody.content), "no strategic merge").toEqual([
      "application/json-patch+json",
      "application/merge-patch+json",
      "application/apply-patch+yaml",
    ]);
    expect(document.components.schemas["com.example.v1.Widget"]).toEqual({
      type: "object",
      properties: { spec: { type: "object", properties: { size: { type: "integer", format: "int32" } } } },
      "x-kubernetes-group-version-kind": [{ group: "example.com", kind: "Widget", version: "v1" }],
    });
  });

  test("show the schema that their definition publishes, and what it refers to", () => {
    const published = { type: "object", description: "published", properties: { metadata: { $ref: META } } };
    const { schemas } = documentOf({ ...widget, schema: widget.schema, openApiSchema: () => published }).components;
    expect(schemas["com.example.v1.Widget"].description).toBe("published");
    expect(Object.keys(schemas)).toContain("io.k8s.apimachinery.pkg.apis.meta.v1.ManagedFieldsEntry");
  });
});
