import { expect, test } from "vitest";
import type { KubeObject } from "../../../shared/apimachinery/meta.ts";
import { Endpoints, EndpointSlice, Service } from "../../../shared/api/index.ts";
import { realPlatform } from "../../../shared/lib/platform.ts";
import { inMemoryServer } from "../in-memory-server.ts";
import { createMissing } from "../registry/create-missing.ts";
import { bootstrapObjects } from "./objects.ts";
import { corrected, reconcile } from "./reconcile.ts";

const metadata = { name: "x", annotations: { "rbac.authorization.kubernetes.io/autoupdate": "true" } };
const role = (rules: object[], more: object = {}) => ({ kind: "ClusterRole", metadata, rules, ...more }) as unknown as KubeObject;
const rule = (resource: string, ...verbs: string[]) => ({ apiGroups: [""], resources: [resource], verbs });
const alone = { shared: false };

test("a role gets the rights it lacks and keeps what was added", () => {
  const wanted = role([rule("pods", "get"), rule("nodes", "get")]);
  const next = corrected(role([rule("pods", "*"), rule("secrets", "get")]), wanted, alone);
  expect(next).toEqual(role([rule("pods", "*"), rule("secrets", "get"), rule("nodes", "get")]));
  expect(corrected(next!, wanted, alone)).toBeUndefined();
});

test("a role that is not to be updated is left alone", () => {
  const own = role([], { metadata: { name: "x", annotations: { "rbac.authorization.kubernetes.io/autoupdate": "false" } } });
  expect(corrected(own, role([rule("pods", "get")]), alone)).toBeUndefined();
});

test("a binding gets its subjects back", () => {
  const binding = (...names: string[]) =>
    ({
      kind: "ClusterRoleBinding",
      metadata,
      roleRef: { apiGroup: "g", kind: "ClusterRole", name: "r" },
      subjects: names.map((name) => ({ apiGroup: "g", kind: "Group", name })),
    }) as unknown as KubeObject;
  expect(corrected(binding("b"), binding("a"), alone)).toEqual(binding("b", "a"));
  expect(corrected(binding("b", "a"), binding("a"), alone)).toBeUndefined();
});

test("where the server is reached follows it; another server's address stays where they share", () => {
  const endpoints = (port: number, ...ips: string[]) =>
    ({
      kind: "Endpoints",
      metadata: { name: "kubernetes" },
      subsets: [{ addresses: ips.map((ip) => ({ ip })), ports: [{ name: "https", port, protocol: "TCP" }] }],
    }) as unknown as KubeObject;
  expect(corrected(endpoints(1, "10.0.0.1"), endpoints(2, "10.0.0.2"), alone)).toEqual(endpoints(2, "10.0.0.2"));
  expect(corrected(endpoints(2, "10.0.0.2"), endpoints(2, "10.0.0.2"), alone)).toBeUndefined();
  const both = corrected(endpoints(1, "10.0.0.1"), endpoints(1, "10.0.0.2"), { shared: true });
  expect(both).toEqual(endpoints(1, "10.0.0.1", "10.0.0.2"));
  expect(corrected(both!, endpoints(1, "10.0.0.2"), { shared: true })).toBeUndefined();
});

test("a second start writes what changed, and nothing where nothing did", async () => {
  const { server, store, client, close } = await inMemoryServer();
  const start = async (port: number) => {
    const advertise = { address: "10.0.0.1", port };
    const certificates = { clientCa: "a", frontProxyCa: "b" };
    const network = { serviceCidr: "10.96.0.0/16", serviceAddress: "10.96.0.1" };
    const objects = bootstrapObjects({ advertise, ...network, ...certificates }, realPlatform);
    await reconcile(server.core.context, await createMissing(server.core, objects), alone);
    return store.currentRevision();
  };
  const first = await start(6443);
  expect(await start(6443)).toBe(first);
  expect(await start(7443)).toBe(first + 3);
  const at = { namespace: "default", name: "kubernetes" };
  expect((await client.get(Endpoints, at)).subsets?.[0]?.ports?.[0]?.port).toBe(7443);
  expect((await client.get(EndpointSlice, at)).ports?.[0]?.port).toBe(7443);
  expect((await client.get(Service, at)).spec.ports?.[0]?.targetPort).toBe(7443);
  await close();
});
