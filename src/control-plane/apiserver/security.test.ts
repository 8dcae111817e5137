import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ClusterRole, ClusterRoleBinding, builtInKinds, ServiceAccount } from "../../shared/api/index.ts";
import { openClusterPki, type ClusterPki, type KeyedCertificate } from "../../shared/component/pki/index.ts";
import { realPlatform } from "../../shared/lib/platform.ts";
import { issueServiceAccountToken } from "./authn/index.ts";
import { fakeContext, type FakeContext } from "./fake-context.ts";
import { createSecurity, DEFAULT_ISSUER, type Security } from "./security.ts";
import type { AccessAttributes, ClientCertificate, UserInfo } from "./types.ts";

let dir: string;
let pki: ClusterPki;
let security: Security;
let server: FakeContext;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "security-"));
  pki = openClusterPki(dir, realPlatform);
  server = fakeContext(Date.now());
  security = createSecurity({
    pki,
    platform: realPlatform,
    tokens: { "static-token": { name: "jane", groups: ["dev"] } },
    advertise: { address: "192.0.2.1", port: 6443 },
    serviceCidr: "10.96.0.0/16",
    serviceAddress: "10.96.0.1",
  });
  security.start(server);
});
afterAll(() => {
  security.close();
  rmSync(dir, { recursive: true });
});

const presented = (pair: KeyedCertificate): ClientCertificate => {
  const cert = new X509Certificate(pair.cert);
  const all = (key: string) =>
    cert.subject.split("\n").flatMap((part) => (part.startsWith(`${key}=`) ? [part.slice(key.length + 1)] : []));
  return { raw: cert.raw, commonName: all("CN")[0] ?? "", organizations: all("O") };
};
const who = async (headers: Record<string, string>, certificate?: ClientCertificate) =>
  security.authenticator.authenticate({ headers, remoteAddress: "::1", ...(certificate && { certificate }) });
const noOne = {
  user: { name: "", groups: [] },
  verb: "get",
  path: "",
  group: "",
  version: "v1",
  subresource: "",
  namespace: "",
  name: "",
};
const asks = (user: UserInfo, rest: Partial<AccessAttributes>): AccessAttributes => ({
  ...noOne,
  resourceRequest: true,
  resource: "pods",
  user,
  ...rest,
});

test("a certificate names user and groups; the front proxy's certificate alone is nobody", async () => {
  expect(await who({}, presented(pki.kubeletClient("n1")))).toMatchObject({
    name: "system:node:n1",
    groups: ["system:nodes", "system:authenticated"],
  });
  expect(await who({}, presented(pki.clientOf("frontProxyClient")))).toMatchObject({ name: "system:anonymous" });
});

test("only the front proxy may speak for others", async () => {
  const headers = { "x-remote-user": "bob", "x-remote-group": "a, b", "x-remote-extra-example.com%2fteam": "blue" };
  expect(await who(headers, presented(pki.clientOf("frontProxyClient")))).toEqual({
    name: "bob",
    groups: ["a", "b", "system:authenticated"],
    extra: { "example.com/team": ["blue"] },
  });
  expect((await who(headers, presented(pki.clientOf("scheduler"))))?.name).toBe("system:kube-scheduler");
});

test("tokens: known, unknown, and not a token at all", async () => {
  expect(await who({ authorization: "bearer static-token" })).toEqual({ name: "jane", groups: ["dev", "system:authenticated"] });
  await expect(who({ authorization: "Bearer wrong" })).rejects.toMatchObject({ code: 401 });
  await expect(who({ authorization: "Bearer a.b.c" })).rejects.toMatchObject({ code: 401 });
  expect((await who({ authorization: "Basic eDp5" }))?.name).toBe("system:anonymous");
});

test("a service account's token is good until the account is another one", async () => {
  const account = (uid: string) => ({
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { namespace: "ns", name: "robot", uid },
  });
  server.put(ServiceAccount, account("u1"));
  const token = await issueServiceAccountToken(
    { issuer: DEFAULT_ISSUER, audiences: [], keys: pki.serviceAccountKeys },
    {
      kubernetes: { namespace: "ns", serviceaccount: { name: "robot", uid: "u1" } },
      audiences: [DEFAULT_ISSUER],
      expirationSeconds: 600,
      now: Math.floor(Date.now() / 1000),
      id: "j1",
    },
  );
  const authorization = `Bearer ${token}`;
  expect(await who({ authorization })).toMatchObject({ name: "system:serviceaccount:ns:robot", uid: "u1" });
  const parts = token.split(".");
  const forged = `${parts[0]}.${Buffer.from(Buffer.from(parts[1]!, "base64url").toString().replace("robot", "admin")).toString("base64url")}.${parts[2]}`;
  await expect(who({ authorization: `Bearer ${forged}` })).rejects.toMatchObject({ code: 401 });
  server.put(ServiceAccount, account("u2"));
  await expect(who({ authorization })).rejects.toMatchObject({ code: 401 });
});

test("bootstrap objects are known kinds, and the default roles among them decide", async () => {
  const objects = security.bootstrapObjects();
  const kinds = new Map(builtInKinds.map((k) => [`${k.groupVersion} ${k.kind}`, k]));
  for (const object of objects) {
    const kind = kinds.get(`${object.apiVersion} ${object.kind}`);
    expect(kind, object.kind).toBeDefined();
    server.put(kind!, object);
  }
  const node: UserInfo = { name: "u", groups: ["system:authenticated"] };
  const paths = { resourceRequest: false, resource: "", version: "" };
  expect(await security.authorizer.authorize(asks(node, { ...paths, path: "/apis" }))).toMatchObject({ decision: "allow" });
  expect(await security.authorizer.authorize(asks(node, { resource: "secrets" }))).toEqual({
    decision: "no-opinion",
    reason: "",
  });
  const scheduler: UserInfo = { name: "system:kube-scheduler", groups: ["system:authenticated"] };
  expect(await security.authorizer.authorize(asks(scheduler, { verb: "create", resource: "bindings" }))).toEqual({
    decision: "allow",
    reason:
      'RBAC: allowed by ClusterRoleBinding "system:kube-scheduler" of ClusterRole "system:kube-scheduler" to User "system:kube-scheduler"',
  });
});

test("a decision among thousands of bindings", () => {
  const rule = { apiGroups: [""], resources: ["configmaps"], verbs: ["get"] };
  for (let i = 0; i < 2000; i++) {
    const metadata = { name: `many-${i}` };
    server.put(ClusterRole, { metadata, rules: [rule] });
    const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: metadata.name };
    server.put(ClusterRoleBinding, { metadata, roleRef, subjects: [{ kind: "User", name: `user-${i}` }] });
  }
  const attributes = asks({ name: "user-77", groups: ["system:authenticated"] }, { resource: "configmaps", name: "x" });
  expect(security.authorizer.authorize(attributes)).toMatchObject({ decision: "allow" });
});
