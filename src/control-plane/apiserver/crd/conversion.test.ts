import { once } from "node:events";
import { createServer, type Server } from "node:https";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { CustomResourceDefinition, defineKind } from "../../../shared/api/index.ts";
import type { ApiError } from "../../../shared/apimachinery/errors.ts";
import { createInformerFactory, type ApiRequest } from "../../../shared/client/index.ts";
import { createAuthority, issue } from "../../../shared/lib/x509/index.ts";
import { startCluster, type TestCluster } from "../../../testing/index.ts";

const validity = { notBefore: Date.now() - 3_600_000, notAfter: Date.now() + 3_600_000 };
const { authority } = createAuthority("ca", validity, Buffer.from([1]));
const subject = { commonName: "hook", organizations: [] };
const pair = issue(
  authority,
  { subject, usages: ["server"], names: { dns: ["localhost"], ips: [] }, validity },
  Buffer.from([2]),
);

let cluster: TestCluster;
let hook: Server;
let broken = false;

/** v1 has `hostPort: "a:1"`, v2 has `host` and `port`. */
function convert({ spec, ...object }: any, apiVersion: string): object {
  const [host, port] = (spec.hostPort ?? "").split(":");
  const next = apiVersion.endsWith("/v2") ? { host, port } : { hostPort: `${spec.host}:${spec.port}` };
  return { ...object, apiVersion, spec: next };
}

beforeAll(async () => {
  hook = createServer(pair, async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { request: asked, ...review } = JSON.parse(Buffer.concat(chunks).toString());
    const convertedObjects = asked.objects.map((o: unknown) => convert(o, asked.desiredAPIVersion));
    const result = broken ? { status: "Failure", message: "out of order" } : { status: "Success" };
    response.end(JSON.stringify({ ...review, response: { uid: asked.uid, convertedObjects, result } }));
  }).listen(0, "localhost");
  await once(hook, "listening");
  cluster = await startCluster({ components: ["apiserver"] });
  const url = `https://localhost:${(hook.address() as { port: number }).port}/convert`;
  const version = (name: string, storage: boolean) => ({
    name,
    served: true,
    storage,
    selectableFields: (storage ? ["hostPort"] : ["host", "port"]).map((field) => ({ jsonPath: `.spec.${field}` })),
    schema: {
      openAPIV3Schema: {
        type: "object",
        properties: {
          spec: {
            type: "object",
            "x-kubernetes-preserve-unknown-fields": true,
            properties: Object.fromEntries(["hostPort", "host", "port"].map((field) => [field, { type: "string" }])),
          },
        },
      },
    },
  });
  const clientConfig = { url, caBundle: Buffer.from(authority.certPem).toString("base64") };
  await cluster.client.create(CustomResourceDefinition, {
    metadata: { name: "ends.example.com" },
    spec: {
      group: "example.com",
      scope: "Namespaced",
      names: { plural: "ends", kind: "End" },
      versions: [version("v1", true), version("v2", false)],
      conversion: { strategy: "Webhook", webhook: { clientConfig, conversionReviewVersions: ["v1"] } },
    },
  });
  await vi.waitUntil(async () => (await ask("GET", path("v1"))).kind === "EndList");
});

afterAll(async () => {
  await cluster.close();
  hook.close();
});

const path = (version: string, name = "") => `/apis/example.com/${version}/namespaces/default/ends${name && `/${name}`}`;

async function ask(method: ApiRequest["method"], at: string, body?: unknown, query?: ApiRequest["query"]): Promise<any> {
  return (await cluster.client.transport.request({ method, path: at, body, query })).body;
}

const end = (version: string, name: string, spec: object) => ({
  apiVersion: `example.com/${version}`,
  kind: "End",
  metadata: { name },
  spec,
});

test("a webhook converts what is read, listed and written in another version than the stored one", async () => {
  await ask("POST", path("v1"), end("v1", "one", { hostPort: "a:1" }));
  expect(await ask("GET", path("v2", "one"))).toMatchObject({ apiVersion: "example.com/v2", spec: { host: "a", port: "1" } });
  expect(await ask("POST", path("v2"), end("v2", "two", { host: "b", port: "2" }))).toMatchObject({ spec: { host: "b" } });
  expect(await ask("GET", path("v1", "two"))).toMatchObject({ spec: { hostPort: "b:2" } });
  const { items } = await ask("GET", path("v2"));
  expect(items.map((i: any) => i.spec.host)).toEqual(["a", "b"]);
});

test("a watch tells of objects in its version, in order", async () => {
  const seen: string[] = [];
  for await (const { type, object } of cluster.client.transport.watch({
    method: "GET",
    path: path("v2"),
    query: { watch: "true" },
  })) {
    seen.push(`${type} ${object.metadata.name} ${(object as any).spec.host}`);
    if (seen.length === 2) break;
  }
  expect(seen).toEqual(["ADDED one a", "ADDED two b"]);
});

test("a webhook that refuses is told of, and asked again", async () => {
  await ask("POST", path("v1"), end("v1", "three", { hostPort: "c:3" }));
  broken = true;
  for (const method of ["GET", "DELETE"] as const) {
    const failure = await ask(method, path("v2", "three")).catch((e: ApiError) => e.status.message);
    expect(failure).toBe("conversion webhook for example.com/v1, Kind=End failed: out of order");
  }
  broken = false;
  expect(await ask("GET", path("v2", "three"))).toMatchObject({ spec: { host: "c" } });
});

test("fields of the converted version select, in lists, in watches and in what is deleted", async () => {
  const hosts = (host: string) => ({ fieldSelector: `spec.host=${host}` });
  const { metadata } = await ask("GET", path("v1"));
  const watching = changes(hosts("x"), metadata.resourceVersion, 4);
  await ask("POST", path("v1"), end("v1", "x1", { hostPort: "x:1" }));
  await ask("POST", path("v1"), end("v1", "y1", { hostPort: "y:1" }));
  await ask("POST", path("v1"), end("v1", "x2", { hostPort: "x:2" }));
  const names = async (query: ApiRequest["query"]) =>
    (await ask("GET", path("v2"), undefined, query)).items.map((item: any) => item.metadata.name);
  expect(await names(hosts("x"))).toEqual(["x1", "x2"]);
  expect(await names({ fieldSelector: "spec.host=x,spec.port=2" })).toEqual(["x2"]);
  await ask("PUT", path("v1", "x1"), { ...(await ask("GET", path("v1", "x1"))), spec: { hostPort: "z:1" } });
  await ask("DELETE", path("v2"), undefined, hosts("x"));
  expect(await names(hosts("x"))).toEqual([]);
  expect(await watching).toEqual(["ADDED x1", "ADDED x2", "DELETED x1", "DELETED x2"]);
});

test("a watch ends with the failure of its webhook", async () => {
  await ask("POST", path("v1"), end("v1", "four", { hostPort: "d:4" }));
  broken = true;
  const watching = changes({ fieldSelector: "spec.host=d" }, "", 9);
  await expect(watching).rejects.toThrow("failed: out of order");
  broken = false;
});

test("an informer in the server's own process sees the converted version, and writes go on", async () => {
  const group = { group: "example.com", version: "v2", kind: "End", plural: "ends", singular: "end", scope: "Namespaced" };
  const schema = { kind: "struct", name: "", fields: [], dynamic: true };
  const End = defineKind({ ...group, schema, shortNames: [], categories: [], verbs: [], definition: "" } as never);
  const factory = createInformerFactory(cluster.client);
  const informer = factory.informer<any>(End);
  await factory.start();
  const added = new Promise((resolve) => informer.onEvent({ added: (o) => o.metadata.name === "five" && resolve(o) }));
  await ask("POST", path("v1"), end("v1", "five", { hostPort: "e:5" }));
  expect(await added).toMatchObject({ apiVersion: "example.com/v2", spec: { host: "e", port: "5" } });
  factory.close();
});

async function changes(selector: object, resourceVersion: string, count: number): Promise<string[]> {
  const seen: string[] = [];
  const query = { watch: "true", ...selector, ...(resourceVersion && { resourceVersion }) };
  for await (const { type, object } of cluster.client.transport.watch({ method: "GET", path: path("v2"), query })) {
    seen.push(`${type} ${object.metadata.name}`);
    if (seen.length === count) break;
  }
  return seen;
}
