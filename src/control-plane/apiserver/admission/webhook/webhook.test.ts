import { createServer, type Server } from "node:https";
import { once } from "node:events";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import {
  ConfigMap,
  MutatingWebhookConfiguration,
  Namespace,
  ValidatingWebhookConfiguration,
} from "../../../../shared/api/index.ts";
import { createAuthority, issue } from "../../../../shared/lib/x509/index.ts";
import { realPlatform } from "../../../../shared/lib/platform.ts";
import { fakeContext, type FakeContext } from "../../fake-context.ts";
import type { AdmissionAttributes } from "../../types.ts";
import { mutatingWebhooks, validatingWebhooks } from "./index.ts";

const validity = { notBefore: Date.now() - 3_600_000, notAfter: Date.now() + 3_600_000 };
const { authority } = createAuthority("ca", validity, Buffer.from([1]));
const pair = issue(
  authority,
  { subject: { commonName: "hook", organizations: [] }, usages: ["server"], names: { dns: ["localhost"], ips: [] }, validity },
  Buffer.from([2]),
);
let hook: Server;
let url: string;
let answer: (request: any) => object;
let server: FakeContext;

beforeAll(async () => {
  hook = createServer(pair, async (request, response) => {
    if (request.url!.startsWith("//")) return void response.writeHead(307, { location: request.url!.slice(1) }).end();
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const review = JSON.parse(Buffer.concat(chunks).toString());
    const body = {
      apiVersion: "admission.k8s.io/v1",
      kind: "AdmissionReview",
      response: { uid: review.request.uid, ...answer(review.request) },
    };
    response.end(JSON.stringify(body));
  }).listen(0, "localhost");
  await once(hook, "listening");
  url = `https://localhost:${(hook.address() as { port: number }).port}/x`;
});
afterAll(() => {
  hook.close();
});
beforeEach(() => {
  server = fakeContext(Date.now());
  server.put(Namespace, { metadata: { name: "ns", labels: { team: "a" } } });
});

const configure = (kind: typeof MutatingWebhookConfiguration | typeof ValidatingWebhookConfiguration, more: object = {}) =>
  server.put(kind, {
    metadata: { name: "w" },
    webhooks: [
      {
        name: "hook.example.com",
        clientConfig: { url, caBundle: Buffer.from(authority.certPem).toString("base64") },
        rules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["configmaps"] }],
        failurePolicy: "Fail",
        sideEffects: "None",
        timeoutSeconds: 5,
        ...more,
      },
    ],
  });

const creation = (): AdmissionAttributes => ({
  operation: "CREATE",
  kind: ConfigMap,
  subresource: "",
  namespace: "ns",
  name: "x",
  object: { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "x" }, data: { a: "1" } } as never,
  oldObject: undefined,
  options: {},
  user: { name: "u", groups: [] },
  dryRun: false,
  warn() {},
});

const authorizer = { authorize: () => ({ decision: "allow" as const, reason: "" }) };

test("a mutating webhook's patch becomes part of the object", async () => {
  configure(MutatingWebhookConfiguration);
  const patch = Buffer.from(JSON.stringify([{ op: "add", path: "/data/b", value: "2" }])).toString("base64");
  answer = () => ({ allowed: true, patchType: "JSONPatch", patch });
  const attributes = creation();
  await mutatingWebhooks(realPlatform.random, authorizer, []).admit!(attributes, server);
  expect(attributes.object).toMatchObject({ data: { a: "1", b: "2" } });
});

test("a validating webhook sees the request and may refuse it in its own words", async () => {
  configure(ValidatingWebhookConfiguration);
  answer = ({ object, userInfo }) => ({
    allowed: false,
    status: { message: `no ${object.data.a} for ${userInfo.username}`, code: 418 },
  });
  await expect(validatingWebhooks(realPlatform.random, authorizer).validate!(creation(), server)).rejects.toMatchObject({
    code: 418,
    message: 'admission webhook "hook.example.com" denied the request: no 1 for u',
  });
});

test("a bundle may hold the server's own certificate instead of its authority's", async () => {
  configure(ValidatingWebhookConfiguration, { clientConfig: { url, caBundle: Buffer.from(pair.cert).toString("base64") } });
  answer = () => ({ allowed: true });
  await validatingWebhooks(realPlatform.random, authorizer).validate!(creation(), server);
});

test("a call that the server sends on to another of its paths goes there", async () => {
  const doubled = url.replace("/x", "//x");
  const caBundle = Buffer.from(authority.certPem).toString("base64");
  configure(ValidatingWebhookConfiguration, { clientConfig: { url: doubled, caBundle } });
  answer = () => ({ allowed: true });
  await validatingWebhooks(realPlatform.random, authorizer).validate!(creation(), server);
});

test("who is not selected is not asked; who cannot be reached refuses or is left out", async () => {
  answer = () => ({ allowed: false });
  const plugin = validatingWebhooks(realPlatform.random, authorizer);
  configure(ValidatingWebhookConfiguration, { namespaceSelector: { matchLabels: { team: "b" } } });
  await plugin.validate!(creation(), server);
  configure(ValidatingWebhookConfiguration, { clientConfig: { url: "https://127.0.0.1:1/" } });
  await expect(plugin.validate!(creation(), server)).rejects.toMatchObject({
    code: 500,
    message: expect.stringContaining(
      'failed calling webhook "hook.example.com": failed to call webhook: Post "https://127.0.0.1:1/?timeout=5s"',
    ),
  });
  configure(ValidatingWebhookConfiguration, { clientConfig: { url: "https://127.0.0.1:1/" }, failurePolicy: "Ignore" });
  await plugin.validate!(creation(), server);
});
