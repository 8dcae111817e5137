/** What a write is told of metadata, as a v1.36 API server answered. */
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  ConfigMap,
  Deployment,
  Event,
  HorizontalPodAutoscalerV1,
  Job,
  LimitRange,
  Namespace,
  PersistentVolumeClaim,
  Pod,
  type Kind,
} from "../../../shared/api/index.ts";
import type { ApiError } from "../../../shared/apimachinery/errors.ts";
import { inMemoryServer, type InMemoryServer } from "../in-memory-server.ts";

let running: InMemoryServer;
beforeAll(async () => {
  running = await inMemoryServer();
  await ask("POST", path(ConfigMap), { metadata: { name: "x" } });
  await ask("POST", path(Deployment), deployment({}));
});
afterAll(() => running.close());

const path = (kind: Kind<any>) => `/api${kind.group ? "s" : ""}/${kind.groupVersion}/namespaces/default/${kind.plural}`;

async function ask(method: "POST" | "PUT", path: string, body: object, query: Record<string, string> = {}): Promise<any> {
  return (await running.client.transport.request({ method, path, body, query })).body;
}

const refusal = (asked: Promise<unknown>): Promise<string> =>
  asked.then(
    () => "",
    (error: ApiError) => error.status.message ?? "",
  );

const deployment = (metadata: object) => ({
  metadata: { name: "x", ...metadata },
  spec: {
    selector: { matchLabels: { a: "b" } },
    template: { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "i" }] } },
  },
});

const unqualified =
  'metadata.finalizers[0]: Invalid value: "x": name is neither a standard finalizer name nor is it fully qualified';

test.each<[string, object, string]>([
  ["a body without a name", {}, "the name of the object (x based on URL) was undeterminable: name must be provided"],
  ["a finalizer that names nobody", { name: "x", finalizers: ["x"] }, `ConfigMap "x" is invalid: ${unqualified}`],
])("an update refuses %s", async (_, metadata, message) => {
  expect(await refusal(ask("PUT", `${path(ConfigMap)}/x`, { metadata }))).toBe(message);
});

test("an update judges a generated name where the kind is judged whole", async () => {
  const metadata = { name: "x", generateName: "Bad_" };
  expect(await refusal(ask("PUT", `${path(ConfigMap)}/x`, { metadata }))).toContain("metadata.generateName: Invalid value");
  expect(await refusal(ask("PUT", `${path(Deployment)}/x`, deployment(metadata)))).toBe("");
});

test("an event of the core group may have any name and finalizer", async () => {
  const event = { metadata: { name: "Bad_Name", finalizers: ["x"] }, involvedObject: { namespace: "default" } };
  expect(await refusal(ask("POST", path(Event), event))).toBe("");
});

test("annotations are part of a Deployment's generation", async () => {
  const now = await ask("PUT", `${path(Deployment)}/x`, deployment({ annotations: { a: "b" } }));
  expect(now.metadata.generation).toBe(2);
});

test("an Eviction of policy/v1beta1 is understood", async () => {
  await ask("POST", "/api/v1/namespaces/default/serviceaccounts", { metadata: { name: "default" } });
  await ask("POST", path(Pod), { metadata: { name: "p" }, spec: { containers: [{ name: "c", image: "i" }] } });
  const eviction = { apiVersion: "policy/v1beta1", kind: "Eviction", metadata: { name: "p" } };
  expect(await refusal(ask("POST", `${path(Pod)}/p/eviction`, eviction))).toBe("");
});

test("a scale is shown as a row", async () => {
  const headers = { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" };
  const asked = { method: "GET", path: `${path(Deployment)}/x/scale`, headers } as const;
  const { columnDefinitions, rows } = (await running.client.transport.request(asked)).body as Record<string, any[]>;
  expect(columnDefinitions!.map(({ name }) => name)).toEqual(["Name", "Desired", "Available", "Age"]);
  expect(rows![0].cells.slice(0, 3)).toEqual(["x", 1, 0]);
});

test("the metadata of a scale is judged", async () => {
  const scale = { metadata: { name: "x", namespace: "default", labels: { "": "x" } }, spec: { replicas: 1 } };
  expect(await refusal(ask("PUT", `${path(Deployment)}/x/scale`, scale))).toContain(
    'metadata.labels: Invalid value: "": name part must be non-empty',
  );
});

test.each([
  [{}, "Name parameter required."],
  [{ name: "a/b" }, `Name parameter invalid: "a/b": may not contain '/'`],
])("a binding of %j names no pod", async (metadata, message) => {
  const binding = { metadata, target: { name: "n" } };
  expect(await refusal(ask("POST", "/api/v1/namespaces/default/bindings", binding))).toBe(message);
});

test("what an older version keeps in annotations is owned by who set it", async () => {
  const spec = { maxReplicas: 3, scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "x" } };
  const at = path(HorizontalPodAutoscalerV1);
  const made = await ask("POST", at, { metadata: { name: "h" }, spec });
  const status = { currentReplicas: 1, desiredReplicas: 1, currentCPUUtilizationPercentage: 3 };
  const { metadata } = await ask("PUT", `${at}/h/status`, { ...made, status }, { fieldManager: "m" });
  const annotation = "autoscaling.alpha.kubernetes.io/current-metrics";
  expect(metadata.annotations[annotation]).toBe(
    '[{"type":"Resource","resource":{"name":"cpu","currentAverageUtilization":3,"currentAverageValue":"0"}}]',
  );
  const mine = metadata.managedFields.find(({ manager }: { manager: string }) => manager === "m");
  expect(mine.fieldsV1["f:metadata"]["f:annotations"]).toHaveProperty([`f:${annotation}`]);
});

test("a Job's template loses what is off before it is compared", async () => {
  const template = { spec: { restartPolicy: "Never", containers: [{ name: "c", image: "i" }] } };
  const job = structuredClone(await ask("POST", path(Job), { metadata: { name: "j" }, spec: { template } }));
  job.spec.template.spec.containers[0].lifecycle = { stopSignal: "SIGTERM" };
  expect(await refusal(ask("PUT", `${path(Job)}/j`, job))).toBe("");
});

test("a refused patch shows the object in its fields' order, numbers as they were", async () => {
  const body = { spec: { replicas: 1.5, paused: "x" } };
  const headers = { "content-type": "application/merge-patch+json" };
  const message = await refusal(
    running.client.transport.request({ method: "PATCH", path: `${path(Deployment)}/x`, headers, body }),
  );
  expect(message).toContain('\\"name\\":\\"x\\",\\"namespace\\":\\"default\\",\\"uid\\"');
});

test("a namespace's metadata is judged whole on update", async () => {
  await ask("POST", "/api/v1/namespaces", { metadata: { name: "n" } });
  const metadata = { name: "n", generateName: "Bad_" };
  expect(await refusal(ask("PUT", `/api/v1/${Namespace.plural}/n`, { metadata }))).toContain(
    "metadata.generateName: Invalid value",
  );
});

test("a LimitRange needs no name", async () => {
  expect((await ask("POST", path(LimitRange), { spec: { limits: [] } })).metadata.name).toMatch(/^[0-9a-f-]{36}$/);
});

test("an apply that creates reads the revision it is given", async () => {
  const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "new", resourceVersion: "x" } };
  const headers = { "content-type": "application/apply-patch+yaml" };
  const request = { method: "PATCH" as const, path: `${path(ConfigMap)}/new`, query: { fieldManager: "m" }, headers, body };
  expect(await refusal(running.client.transport.request(request))).toBe('strconv.ParseUint: parsing "x": invalid syntax');
  const without = { ...body, metadata: { name: "new" } };
  expect(await refusal(running.client.transport.request({ ...request, body: without }))).toBe("");
});

test("an empty record of owners in a template is none", async () => {
  const { spec } = deployment({});
  const template = { ...spec.template, metadata: { ...spec.template.metadata, managedFields: [] } };
  const made = await ask("POST", path(Deployment), { metadata: { name: "y" }, spec: { ...spec, template } });
  expect(made.spec.template.metadata).toEqual({ labels: { a: "b" } });
});

test("an apply that leaves out a null of a reference changes the reference", async () => {
  const spec = {
    accessModes: ["ReadWriteOnce"],
    resources: { requests: { storage: "1Gi" } },
    dataSource: { kind: "PersistentVolumeClaim", name: "other" },
  };
  const at = path(PersistentVolumeClaim);
  await ask("POST", at, { metadata: { name: "c" }, spec });
  const body = { apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name: "c" }, spec };
  const headers = { "content-type": "application/apply-patch+yaml" };
  const request = { method: "PATCH" as const, path: `${at}/c`, query: { fieldManager: "m" }, headers, body };
  expect(await refusal(running.client.transport.request(request))).toContain("conflict with");
});
