import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { parseYaml } from "../../../shared/apimachinery/yaml.ts";
import { CustomResourceDefinition } from "../../../shared/api/index.ts";
import { ApiError } from "../../../shared/apimachinery/errors.ts";
import type { KubeObject } from "../../../shared/apimachinery/meta.ts";
import type { ApiRequest } from "../../../shared/client/types.ts";
import { createClient } from "../../../shared/client/index.ts";
import { runApiServer, systemUser } from "../index.ts";
import { startCluster, type TestCluster } from "../../../testing/index.ts";

const example = (name: string) =>
  parseYaml(readFileSync(new URL(`../../../../examples/crd/${name}`, import.meta.url), "utf8")).value as KubeObject & {
    spec: Record<string, unknown>;
  };

const CRONTABS = "/apis/stable.example.com/v1/namespaces/default/crontabs";

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startCluster({ components: ["apiserver"] });
  await cluster.client.create(CustomResourceDefinition, example("crontabs.yaml") as unknown as CustomResourceDefinition);
  for await (const event of cluster.client.watch(CustomResourceDefinition, { resourceVersion: "0" }))
    if (event.object.status.conditions?.some((c) => c.type === "Established" && c.status === "True")) break;
});

afterAll(() => cluster.close());

async function ask<T = any>(
  method: ApiRequest["method"],
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
): Promise<T> {
  return (await cluster.client.transport.request({ method, path, body, ...(headers && { headers }) })).body as T;
}

const refusal = (error: unknown) => (error as ApiError).status.message;

test("an object is pruned and defaulted, and its generation kept", async () => {
  const given = example("my-crontab.yaml");
  const made = await ask("POST", CRONTABS, { ...given, spec: { ...given.spec, surplus: 1 }, status: { replicas: 3 } });
  expect(made).toMatchObject({ spec: { cronSpec: "* * * * */5", replicas: 1 }, metadata: { generation: 1 } });
  expect(made.spec).not.toHaveProperty("surplus");
  expect(made).not.toHaveProperty("status");
  const patched = await ask(
    "PATCH",
    `${CRONTABS}/my-crontab`,
    { spec: { replicas: 2 } },
    { "content-type": "application/merge-patch+json" },
  );
  expect(patched.metadata.generation).toBe(2);
});

test("a null where none is allowed is dropped from what is sent, and told of where it is applied", async () => {
  const body = { ...example("my-crontab.yaml"), metadata: { name: "null" }, spec: { cronSpec: "* * * * */5", image: null } };
  const query = { dryRun: "All", fieldManager: "a" };
  const { transport } = cluster.client;
  const made = await transport.request({ method: "POST", path: CRONTABS, body, query });
  expect((made.body as any).spec).not.toHaveProperty("image");
  const headers = { "content-type": "application/apply-patch+yaml" };
  const applied = transport.request({ method: "PATCH", path: `${CRONTABS}/null`, body, query, headers });
  expect(await applied.then(() => "", refusal)).toContain('spec.image in body must be of type string: "null"');
});

test("an object that the schema forbids is refused with every fault", async () => {
  const bad = { ...example("my-crontab.yaml"), metadata: { name: "bad" }, spec: { cronSpec: 5, image: "", replicas: -1 } };
  const message = await ask("POST", CRONTABS, bad).then(() => "", refusal);
  expect(message).toContain('spec.cronSpec: Invalid value: "integer": spec.cronSpec in body must be of type string: "integer"');
  expect(message).toContain("spec.replicas: Invalid value: -1: spec.replicas in body should be greater than or equal to 0");
});

test("a table shows the definition's columns", async () => {
  const table = await ask("GET", `${CRONTABS}/my-crontab`, undefined, { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" });
  expect(table.columnDefinitions.map((c: { name: string }) => c.name)).toEqual(["Name", "Spec", "Replicas", "Age"]);
  expect(table.rows[0].cells.slice(0, 3)).toEqual(["my-crontab", "* * * * */5", 2]);
});

test("scale and status are doors of their own", async () => {
  const scale = await ask("GET", `${CRONTABS}/my-crontab/scale`);
  expect(scale).toMatchObject({ kind: "Scale", spec: { replicas: 2 }, status: { replicas: 0 } });
  const object = await ask("GET", `${CRONTABS}/my-crontab`);
  const written = await ask("PUT", `${CRONTABS}/my-crontab/status`, { ...object, spec: {}, status: { replicas: 2 } });
  expect(written).toMatchObject({ spec: { replicas: 2 }, status: { replicas: 2 }, metadata: { generation: 2 } });
});

test("discovery and OpenAPI tell of it", async () => {
  const list = await ask("GET", "/apis/stable.example.com/v1");
  expect(list.resources[0]).toMatchObject({ name: "crontabs", shortNames: ["ct"], kind: "CronTab" });
  const document = await ask("GET", "/openapi/v3/apis/stable.example.com/v1");
  const { spec } = document.components.schemas["com.example.stable.v1.CronTab"].properties;
  expect(spec.properties.cronSpec.description).toBe("When to run.");
});

test("what shows no replicas can be given some; metadata alone comes in protobuf, too", async () => {
  const definition = example("crontabs.yaml") as any;
  definition.metadata.name = "boxes.stable.example.com";
  definition.spec.names = { plural: "boxes", kind: "Box" };
  definition.spec.versions[0].schema.openAPIV3Schema = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
  delete definition.spec.versions[0].selectableFields;
  await cluster.client.create(CustomResourceDefinition, definition);
  const boxes = "/apis/stable.example.com/v1/namespaces/default/boxes";
  const box = { apiVersion: "stable.example.com/v1", kind: "Box", metadata: { name: "one" } };
  await expect.poll(() => ask("POST", boxes, box).then((made) => made.kind, refusal)).toBe("Box");
  expect(await ask("GET", `${boxes}/one/scale`).catch(refusal)).toBe(
    'Internal error occurred: the spec replicas field ".spec.replicas" does not exist',
  );
  const merge = { "content-type": "application/merge-patch+json" };
  expect(await ask("PATCH", `${boxes}/one/scale`, { spec: { replicas: 3 } }, merge)).toMatchObject({ spec: { replicas: 3 } });
  const accept = "application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;v=v1;g=meta.k8s.io";
  const { headers } = await cluster.client.transport.request({ method: "GET", path: `${boxes}/one`, headers: { accept } });
  expect(headers["content-type"]).toBe("application/vnd.kubernetes.protobuf");
});

test("deleting the definition deletes the objects", async () => {
  await ask("DELETE", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/crontabs.stable.example.com");
  await expect.poll(() => ask("GET", CRONTABS)).toBe("404 page not found\n");
});

test("what the store has is served from the start", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "crd-"));
  try {
    const first = await runApiServer({ dataDir, port: 0 });
    const client = createClient(first.server.transport(systemUser));
    await client.create(CustomResourceDefinition, example("crontabs.yaml") as unknown as CustomResourceDefinition);
    const body = example("my-crontab.yaml");
    await vi.waitUntil(() =>
      client.transport.request({ method: "POST", path: CRONTABS, body }).then(
        (a) => a.code === 201,
        () => false,
      ),
    );
    await first.close();
    const second = await runApiServer({ dataDir, port: 0 });
    const { transport } = createClient(second.server.transport(systemUser));
    const { body: found } = await transport.request({ method: "GET", path: `${CRONTABS}/my-crontab` });
    expect(found).toMatchObject({ spec: { replicas: 1 } });
    await second.close();
  } finally {
    rmSync(dataDir, { recursive: true });
  }
});
