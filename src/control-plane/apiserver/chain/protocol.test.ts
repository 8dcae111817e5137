/** What clients are told by the protocol itself: status codes and texts of a real v1.36 API server. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { ConfigMap } from "../../../shared/api/index.ts";
import { inMemoryServer, type InMemoryServer } from "../in-memory-server.ts";
import { encode } from "../negotiation/encode.ts";
import { systemUser } from "../server.ts";

let running: InMemoryServer;
beforeAll(async () => {
  running = await inMemoryServer();
  await running.client.create(ConfigMap, { metadata: { namespace: "default", name: "a" } });
});
afterAll(() => running.close());

interface Asked {
  body?: string;
  headers?: Record<string, string>;
}

async function ask(method: string, target: string, { body = "", headers = {} }: Asked = {}, { server } = running) {
  const [path, query] = target.split("?") as [string, string?];
  const answer = await server.handle({
    method,
    path,
    query: new URLSearchParams(query),
    headers: { "content-type": "application/json", ...headers },
    body: async () => Buffer.from(body),
    user: systemUser,
    remoteAddress: "",
    signal: new AbortController().signal,
  });
  const { code, headers: sent, body: bytes = "", chunks } = encode(answer);
  const text = chunks ? "" : Buffer.from(bytes).toString();
  const message = text.startsWith("{") ? (JSON.parse(text) as { message?: string }).message : text;
  return { code, headers: sent, text, message };
}

const CM = "/api/v1/namespaces/default/configmaps";
const named = (more: object) => JSON.stringify({ metadata: { name: "a", ...more } });
const NAMELESS = "the name of the object (a based on URL) was undeterminable: name must be provided";
const invalidRevision = 'resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": invalid syntax';
const optionsRegistry = 'in scheme "pkg/apis/meta/internalversion/scheme/register.go:27"';

const refusals: [string, string, number, string, Asked?][] = [
  ["GET", `${CM}?limit=`, 400, 'strconv.ParseInt: parsing "": invalid syntax'],
  ["GET", `${CM}?limit=99999999999999999999`, 400, 'strconv.ParseInt: parsing "99999999999999999999": value out of range'],
  ["GET", `${CM}?continue=x`, 400, "invalid continue token: continue key is not valid: illegal base64 data at input byte 0"],
  [
    "GET",
    `${CM}?continue=e30`,
    400,
    "invalid continue token: continue key is not valid: server does not recognize this encoded version ",
  ],
  ["GET", `${CM}?resourceVersion=x`, 400, `invalid resource version: ${invalidRevision}`],
  ["GET", `${CM}/a?resourceVersion=x`, 500, invalidRevision],
  ["GET", `${CM}?watch=1&resourceVersion=x`, 500, invalidRevision],
  [
    "GET",
    `${CM}?watch=1&continue=x`,
    422,
    'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden when continue is provided',
  ],
  ["GET", `${CM}/a?timeout=x`, 400, 'invalid timeout specified in the request URL - time: invalid duration "x"'],
  ["GET", `${CM}/a?timeout=1`, 400, 'invalid timeout specified in the request URL - time: missing unit in duration "1"'],
  ["GET", "/api/v1/nodes?fieldSelector=metadata.namespace%3Dx", 400, "field label not supported: metadata.namespace"],
  ["GET", "/api/v1/proxy/nodes/a", 404, "the server could not find the requested resource"],
  ["POST", "/api/v1/watch/pods", 405, "the server does not allow this method on the requested resource"],
  ["GET", "/healthz/", 404, "404 page not found\n"],
  ["PUT", `${CM}/a`, 400, NAMELESS, { body: "{}" }],
  ["PUT", `${CM}/a`, 400, NAMELESS, { body: "null" }],
  [
    "POST",
    CM,
    400,
    'Status in version "v1" cannot be handled as a ConfigMap: converting (v1.Status) to (core.ConfigMap): unknown conversion',
    { body: '{"kind":"Status","apiVersion":"v1"}' },
  ],
  ["DELETE", `${CM}/a?gracePeriodSeconds=`, 400, 'strconv.ParseInt: parsing "": invalid syntax'],
  [
    "DELETE",
    `${CM}/a?resourceVersion=1`,
    409,
    expect.stringContaining("the ResourceVersion in the precondition (1) does not match") as never,
  ],
  [
    "DELETE",
    `${CM}/a`,
    400,
    `no kind "Nope" is registered for version "v1" ${optionsRegistry}`,
    { body: '{"kind":"Nope","apiVersion":"v1"}' },
  ],
  [
    "DELETE",
    `${CM}/a`,
    400,
    "json: cannot unmarshal string into Go struct field DeleteOptions.gracePeriodSeconds of type int64",
    { body: '{"gracePeriodSeconds":"x"}' },
  ],
  [
    "PATCH",
    `${CM}/nope`,
    404,
    'configmaps "nope" not found',
    { body: "x", headers: { "content-type": "application/merge-patch+json" } },
  ],
  [
    "GET",
    "/version",
    406,
    "406: Not Acceptable\n\nAvailable representations: application/json",
    { headers: { accept: "text/html" } },
  ],
  [
    "GET",
    "/apis",
    406,
    "only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf",
    { headers: { accept: "text/html" } },
  ],
];

test.each(refusals)("%s %s is refused with %i", async (method, target, code, message, asked) => {
  const answer = await ask(method, target, asked);
  expect([answer.code, answer.message]).toEqual([code, message]);
});

test("a resourceVersion is refused in a new object only where it is one and the object is to be kept", async () => {
  const create = async (resourceVersion: string, query = "") =>
    (await ask("POST", CM + query, { body: named({ name: `rv${resourceVersion}`, resourceVersion }) })).code;
  expect([await create("1"), await create("1", "?dryRun=All"), await create("0"), await create("x")]).toEqual([
    500, 201, 201, 201,
  ]);
});

test("the root lists every path", async () => {
  const { paths } = JSON.parse((await ask("GET", "/")).text) as { paths: string[] };
  expect(paths).toEqual(expect.arrayContaining(["/api/v1", "/apis/apps", "/apis/apps/v1", "/readyz/ping", "/version"]));
  expect(paths).toEqual([...paths].sort());
});

test("a probe lists its checks, leaves out what it is told to, and asks each alone", async () => {
  const { text } = await ask("GET", "/readyz?verbose&exclude=etcd&exclude=nope&exclude=a");
  const lines = text.split("\n");
  expect(lines.slice(0, 4)).toEqual(["[+]ping ok", "[+]log ok", "[+]etcd excluded: ok", "[+]informer-sync ok"]);
  expect(lines).toContain("[+]poststarthook/crd-informer-synced ok");
  expect(lines.slice(-4)).toEqual([
    "[+]shutdown ok",
    'warn: some health checks cannot be excluded: no matches for "a","nope"',
    "readyz check passed",
    "",
  ]);
  expect((await ask("GET", "/livez?verbose")).text).not.toContain("]informer-sync");
  expect((await ask("GET", "/readyz/poststarthook/crd-informer-synced?verbose")).text).toBe("ok");
  expect((await ask("GET", "/livez/shutdown")).code).toBe(404);
});

test("texts outside the API are not to be sniffed", async () => {
  for (const path of ["/nope", "/healthz"]) expect((await ask("GET", path)).headers["x-content-type-options"]).toBe("nosniff");
});

test("who may not is told so in a text that is not to be sniffed", async () => {
  const closed = await inMemoryServer({
    authorizer: { authorize: ({ verb }) => ({ decision: verb === "list" ? "no-opinion" : "allow", reason: "" }) },
  });
  const answer = await ask("GET", CM, {}, closed);
  expect([answer.code, answer.headers["x-content-type-options"]]).toEqual([403, "nosniff"]);
  await closed.close();
});

test("who asks for rows in YAML is told errors in JSON", async () => {
  const answer = await ask("GET", `${CM}/nope`, { headers: { accept: "application/yaml;as=Table;v=v1;g=meta.k8s.io" } });
  expect([answer.code, answer.headers["content-type"]]).toEqual([404, "application/json"]);
});

test("what is computed has rows like what is stored", async () => {
  const headers = { accept: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json" };
  for (const path of ["/api/v1/componentstatuses", "/api/v1/componentstatuses/etcd-0"]) {
    const { columnDefinitions, rows } = JSON.parse((await ask("GET", path, { headers })).text);
    expect(columnDefinitions.map(({ name }: { name: string }) => name)).toEqual(["Name", "Status", "Message", "Error"]);
    expect(rows.map(({ cells }: { cells: string[] }) => cells)).toEqual([["etcd-0", "Healthy", "ok", ""]]);
  }
  const metadata = { accept: "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io" };
  const list = JSON.parse((await ask("GET", "/api/v1/componentstatuses", { headers: metadata })).text);
  expect([list.kind, list.items]).toEqual([
    "PartialObjectMetadataList",
    [{ kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata: { name: "etcd-0" } }],
  ]);
});
