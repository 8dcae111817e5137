import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { createServer, request, type Server } from "node:https";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { APIService, Service } from "../../../shared/api/index.ts";
import { createAuthority, issue } from "../../../shared/lib/x509/index.ts";
import { inMemoryServer, type InMemoryServer } from "../in-memory-server.ts";

const validity = { notBefore: Date.now() - 3_600_000, notAfter: Date.now() + 3_600_000 };
const { authority } = createAuthority("ca", validity, Buffer.from([1]));
const names = { dns: ["sample.default.svc"], ips: [] };
const pair = issue(
  authority,
  { subject: { commonName: "sample", organizations: [] }, usages: ["server"], names, validity },
  Buffer.from([2]),
);
const resources = [
  { name: "flunders", singularName: "flunder", namespaced: true, kind: "Flunder", verbs: ["get", "list"] },
  { name: "flunders/status", singularName: "", namespaced: true, kind: "Flunder", verbs: ["get"] },
];
let other: Server;
let running: InMemoryServer;

beforeEach(async () => {
  other = createServer(pair, async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    response.setHeader("content-type", "application/json");
    if (request.url === "/apis/wardle.example.com/v1")
      return void response.end(JSON.stringify({ kind: "APIResourceList", resources }));
    const { "x-remote-user": user, "x-remote-group": groups, authorization } = request.headers;
    response.statusCode = request.method === "POST" ? 201 : 200;
    response.end(JSON.stringify({ url: request.url, user, groups, authorization, body: Buffer.concat(chunks).toString() }));
  }).listen(0, "localhost");
  await once(other, "listening");
  running = await inMemoryServer();
  const { port } = other.address() as { port: number };
  const { client } = running;
  await client.create(Service, {
    metadata: { name: "sample", namespace: "default" },
    spec: { type: "ExternalName", externalName: "localhost" },
  } as never);
  await client.create(APIService, {
    metadata: { name: "v1.wardle.example.com" },
    spec: {
      group: "wardle.example.com",
      version: "v1",
      groupPriorityMinimum: 2000,
      versionPriority: 200,
      caBundle: Buffer.from(authority.certPem).toString("base64"),
      service: { namespace: "default", name: "sample", port },
    },
  } as never);
});
afterEach(async () => {
  await running.close();
  other.closeAllConnections();
  other.close();
});

const available = () =>
  vi.waitFor(async () => {
    const { status } = await running.client.get(APIService, { name: "v1.wardle.example.com" });
    expect(status?.conditions).toMatchObject([
      { type: "Available", status: "True", reason: "Passed", message: "all checks passed" },
    ]);
  }, 20_000);

test("a connection that wants to become another protocol is refused in words", async () => {
  const admin = await inMemoryServer({
    store: running.store,
    authenticator: { authenticate: () => ({ name: "admin", groups: [] }) },
  });
  const { port } = await admin.server.listen({ port: 0, ...pair });
  const ask = async (path: string) => {
    const headers = { connection: "Upgrade", upgrade: "websocket" };
    const sent = request({ port, path, headers, ca: authority.certPem, servername: names.dns[0]! });
    const [answer] = (await once(sent.end(), "response")) as [IncomingMessage];
    return JSON.parse(await text(answer));
  };
  expect(await ask("/apis/wardle.example.com/v1/namespaces/a/flunders?watch=1")).toMatchObject({
    code: 501,
    message: "connections to aggregated API servers cannot be upgraded",
  });
  expect(await ask("/api/v1/configmaps?watch=1")).toMatchObject({ code: 501, message: "configmaps cannot be upgraded" });
  await admin.server.close();
});

test("requests go to the server that an APIService names, with the user in headers", async () => {
  await available();
  const { transport } = running.client;
  const path = "/apis/wardle.example.com/v1/namespaces/a/flunders";
  const listed = await transport.request({
    method: "GET",
    path,
    query: { limit: "1" },
    headers: { authorization: "Bearer secret" },
  });
  expect(listed.body).toEqual({
    url: `${path}?limit=1`,
    user: "system:apiserver",
    groups: "system:masters, system:authenticated",
    body: "",
  });
  const created = await transport.request({ method: "POST", path, body: { kind: "Flunder" } });
  expect(created).toMatchObject({ code: 201, body: { body: '{"kind":"Flunder"}' } });
});

test("its group stands in discovery beside the own ones", async () => {
  await available();
  const accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
  const { body } = await running.client.transport.request({ method: "GET", path: "/apis", headers: { accept } });
  const { items } = (typeof body === "string" ? JSON.parse(body) : body) as { items: any[] };
  expect(items.at(-1)).toMatchObject({
    metadata: { name: "wardle.example.com" },
    versions: [
      {
        version: "v1",
        freshness: "Current",
        resources: [{ resource: "flunders", scope: "Namespaced", subresources: [{ subresource: "status" }] }],
      },
    ],
  });
});

test("while its server is not there, requests get 503, and the condition tells why", async () => {
  await available();
  await running.client.delete(Service, { name: "sample", namespace: "default" });
  const answer = await running.client.transport.request({ method: "GET", path: "/apis/wardle.example.com/v1/flunders" });
  expect(answer).toMatchObject({ code: 503, body: expect.stringContaining('service "sample" not found') });
});
