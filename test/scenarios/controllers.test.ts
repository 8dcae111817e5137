/** The controllers in a whole cluster: what users see them do. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  ConfigMap,
  CronJob,
  CustomResourceDefinition,
  DaemonSet,
  Deployment,
  EndpointSlice,
  Event,
  Job,
  Namespace,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodDisruptionBudget,
  ReplicaSet,
  ResourceQuota,
  Service,
  ServiceAccount,
  StatefulSet,
} from "../../src/shared/api/index.ts";
import { startCluster, type TestCluster } from "../../src/testing/index.ts";
import { eventually, finish, orAbsent, template } from "./cluster.ts";

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startCluster({ nodes: 2 });
}, 30_000);
afterAll(() => cluster.close());

const selector = (app: string) => ({ matchLabels: { app } });
const names = (objects: { metadata: { name: string } }[]) => objects.map((o) => o.metadata.name);
const podsOf = async (namespace: string) => (await cluster.client.list(Pod, { namespace })).items;

async function namespace(name: string): Promise<string> {
  await cluster.client.create(Namespace, { metadata: { name } });
  await eventually("the default service account", () =>
    orAbsent(cluster.client.get(ServiceAccount, { namespace: name, name: "default" })),
  );
  return name;
}

describe("deployment", () => {
  it("rolls over to a new template, and back to the set of an older one", async () => {
    const { client } = cluster;
    const ns = await namespace("rollout");
    const name = { namespace: ns, name: "web" };
    await client.create(Deployment, {
      metadata: name,
      spec: { replicas: 3, selector: selector("web"), template: template({ app: "web" }) } as never,
    });
    const complete = (revision: string) =>
      eventually(`revision ${revision}`, async () => {
        const d = await client.get(Deployment, name);
        const progressing = d.status?.conditions?.find((c) => c.type === "Progressing");
        const done =
          progressing?.reason === "NewReplicaSetAvailable" && d.status?.updatedReplicas === 3 && d.status.replicas === 3;
        return d.metadata.annotations?.["deployment.kubernetes.io/revision"] === revision && done && d;
      });
    await complete("1");
    const [first] = (await client.list(ReplicaSet, { namespace: ns })).items;
    const image = (text: string) => ({ spec: { template: { spec: { containers: [{ name: "app", image: text }] } } } });
    await client.patch(Deployment, name, "strategic", image("app:2"));
    await complete("2");
    await client.patch(Deployment, name, "strategic", image("app"));
    const d = await complete("3");
    expect(d.status?.conditions?.map((c) => `${c.type}=${c.status} ${c.reason}`).sort()).toEqual([
      "Available=True MinimumReplicasAvailable",
      "Progressing=True NewReplicaSetAvailable",
    ]);
    const sets = (await client.list(ReplicaSet, { namespace: ns })).items;
    expect(sets).toHaveLength(2);
    const again = sets.find((s) => s.metadata.uid === first!.metadata.uid)!;
    expect(again.metadata.annotations?.["deployment.kubernetes.io/revision-history"]).toBe("1");
    expect(again.metadata.name).toMatch(/^web-[bcdfghjklmnpqrstvwxz2456789]{8,10}$/);
    const events = (await client.list(Event, { namespace: ns })).items;
    expect(events.map((e) => e.message)).toContain(`Scaled up replica set ${again.metadata.name} from 0 to 3`);
  });

  it("shows its pods in the service's slices by name of the port", async () => {
    const { client } = cluster;
    await client.create(Service, {
      metadata: { namespace: "rollout", name: "web" },
      spec: { selector: { app: "web" }, ports: [{ port: 80, targetPort: "http" }] } as never,
    });
    const slice = await eventually("three ready endpoints", async () => {
      const { items } = await client.list(EndpointSlice, {
        namespace: "rollout",
        labelSelector: "kubernetes.io/service-name=web",
      });
      return items[0]?.endpoints?.filter((e) => e.conditions?.ready).length === 3 && items[0];
    });
    expect(slice.ports).toMatchObject([{ port: 8080, protocol: "TCP" }]);
  });
});

describe("garbage collection", () => {
  it("deletes dependents, in the foreground before the owner", async () => {
    const { client } = cluster;
    const ns = await namespace("foreground");
    const name = { namespace: ns, name: "web" };
    await client.create(Deployment, {
      metadata: name,
      spec: { selector: selector("web"), template: template({ app: "web" }) } as never,
    });
    await eventually("a pod", async () => (await podsOf(ns)).length === 1);
    await client.delete(Deployment, name, { propagationPolicy: "Foreground" });
    await eventually("the deployment to be gone", async () => !(await orAbsent(client.get(Deployment, name))));
    expect((await client.list(ReplicaSet, { namespace: ns })).items).toEqual([]);
  });

  it("keeps them when they are orphaned, and adopts them again", async () => {
    const { client } = cluster;
    const ns = await namespace("orphans");
    const set = {
      metadata: { namespace: ns, name: "keep" },
      spec: { replicas: 2, selector: selector("keep"), template: template({ app: "keep" }) } as never,
    };
    const { metadata } = await client.create(ReplicaSet, set);
    const before = await eventually("two pods", async () => ((await podsOf(ns)).length === 2 ? podsOf(ns) : undefined));
    await client.delete(ReplicaSet, metadata, { propagationPolicy: "Orphan" });
    await eventually("pods without an owner", async () => (await podsOf(ns)).every((p) => !p.metadata.ownerReferences?.length));
    const { metadata: next } = await eventually("the name to be free", () => orAbsent(client.create(ReplicaSet, set)));
    await eventually("pods of the new set", async () =>
      (await podsOf(ns)).every((p) => p.metadata.ownerReferences?.[0]?.uid === next.uid),
    );
    expect(names(await podsOf(ns)).sort()).toEqual(names(before).sort());
  });

  it("follows custom resources as owners", async () => {
    const { client } = cluster;
    const schema = { openAPIV3Schema: { type: "object" } };
    await client.create(CustomResourceDefinition, {
      metadata: { name: "owners.example.com" },
      spec: {
        group: "example.com",
        scope: "Namespaced",
        names: { plural: "owners", singular: "owner", kind: "Owner", listKind: "OwnerList" },
        versions: [{ name: "v1", served: true, storage: true, schema }],
      } as never,
    });
    const path = "/apis/example.com/v1/namespaces/default/owners";
    const body = { apiVersion: "example.com/v1", kind: "Owner", metadata: { name: "one" } };
    const owner = await eventually(
      "the custom resource",
      async () =>
        (await orAbsent(client.transport.request({ method: "POST", path, body })))?.body as { metadata: { uid: string } },
    );
    const ownerReferences = [{ apiVersion: "example.com/v1", kind: "Owner", name: "one", uid: owner.metadata.uid }];
    await client.create(ConfigMap, { metadata: { namespace: "default", name: "owned", ownerReferences } });
    await client.transport.request({ method: "DELETE", path: `${path}/one` });
    await eventually(
      "the dependent to be gone",
      async () => !(await orAbsent(client.get(ConfigMap, { namespace: "default", name: "owned" }))),
    );
  }, 60_000);
});

describe("namespace", () => {
  it("goes with all that is in it", async () => {
    const { client } = cluster;
    const ns = await namespace("going");
    await client.create(Deployment, {
      metadata: { namespace: ns, name: "web" },
      spec: { replicas: 2, selector: selector("web"), template: template({ app: "web" }) } as never,
    });
    await eventually("pods", async () => (await podsOf(ns)).length === 2);
    await client.delete(Namespace, { name: ns });
    await eventually("the namespace to be gone", async () => !(await orAbsent(client.get(Namespace, { name: ns }))));
    expect(await podsOf(ns)).toEqual([]);
  });

  it("gets its root certificate back when somebody changes it", async () => {
    const { client } = cluster;
    const name = { namespace: "default", name: "kube-root-ca.crt" };
    const pem = (await eventually("the root certificate", () => orAbsent(client.get(ConfigMap, name)))).data!["ca.crt"];
    await client.patch(ConfigMap, name, "merge", { data: { "ca.crt": "x" } });
    await eventually("it to be put right", async () => (await client.get(ConfigMap, name)).data!["ca.crt"] === pem);
  });
});

describe("job", () => {
  it("counts each index once, and ends when all have succeeded", async () => {
    const { client } = cluster;
    const ns = await namespace("jobs");
    const job = {
      completions: 3,
      parallelism: 2,
      completionMode: "Indexed",
      template: { spec: { restartPolicy: "Never", containers: [{ name: "app", image: "app" }] } },
    };
    await client.create(Job, { metadata: { namespace: ns, name: "three" }, spec: job as never });
    const status = await eventually("completion", async () => {
      for (const pod of await podsOf(ns)) if (pod.status?.phase === "Running") await finish(client, pod, "Succeeded", 0);
      const { status: s } = await client.get(Job, { namespace: ns, name: "three" });
      return s?.conditions?.some((c) => c.type === "Complete") && s;
    });
    expect(status).toMatchObject({ succeeded: 3, completedIndexes: "0-2" });
    expect(status.conditions?.map((c) => `${c.type} ${c.reason}`)).toEqual([
      "SuccessCriteriaMet CompletionsReached",
      "Complete CompletionsReached",
    ]);
    const pods = await podsOf(ns);
    expect(pods.map((p) => p.metadata.annotations?.["batch.kubernetes.io/job-completion-index"]).sort()).toEqual(["0", "1", "2"]);
    expect(pods.every((p) => !p.metadata.finalizers?.length)).toBe(true);
  });

  it("fails as a whole where its policy says so", async () => {
    const { client } = cluster;
    const name = { namespace: "jobs", name: "policy" };
    const rules = [{ action: "FailJob", onExitCodes: { operator: "In", values: [42] } }];
    const spec = {
      podFailurePolicy: { rules },
      template: { spec: { restartPolicy: "Never", containers: [{ name: "app", image: "app" }] } },
    };
    await client.create(Job, { metadata: name, spec: spec as never });
    const pod = await eventually("a running pod", async () =>
      (await podsOf("jobs")).find((p) => p.metadata.name.startsWith("policy-") && p.status?.phase === "Running"),
    );
    await finish(client, pod, "Failed", 42);
    const failed = await eventually("failure", async () =>
      (await client.get(Job, name)).status?.conditions?.find((c) => c.type === "Failed"),
    );
    expect(failed).toMatchObject({
      reason: "PodFailurePolicy",
      message: `Container app for pod jobs/${pod.metadata.name} failed with exit code 42 matching FailJob rule at index 0`,
    });
  });

  it("is made by a cron job that was due", async () => {
    const { client } = cluster;
    const ns = await namespace("cron");
    const jobTemplate = { spec: { template: { spec: { restartPolicy: "Never", containers: [{ name: "app", image: "app" }] } } } };
    await client.create(CronJob, {
      metadata: { namespace: ns, name: "often" },
      spec: { schedule: "@every 1s", jobTemplate } as never,
    });
    const [job] = await eventually("a job", async () => {
      const { items } = await client.list(Job, { namespace: ns });
      return items.length > 0 && items;
    });
    expect(job!.metadata.name).toMatch(/^often-\d{8}$/);
    await client.delete(CronJob, { namespace: ns, name: "often" });
  });
});

describe("stateful and daemon sets", () => {
  it("start in order with names of their own, and shrink from the top", async () => {
    const { client } = cluster;
    const ns = await namespace("stateful");
    const name = { namespace: ns, name: "db" };
    await client.create(StatefulSet, {
      metadata: name,
      spec: { replicas: 3, serviceName: "db", selector: selector("db"), template: template({ app: "db" }) } as never,
    });
    await eventually("three pods", async () => (await client.get(StatefulSet, name)).status?.readyReplicas === 3);
    expect(names(await podsOf(ns)).sort()).toEqual(["db-0", "db-1", "db-2"]);
    await client.patch(StatefulSet, name, "merge", { spec: { replicas: 1 } });
    await eventually("one pod", async () => (await podsOf(ns)).length === 1);
    expect(names(await podsOf(ns))).toEqual(["db-0"]);
  });

  it("run one pod a node, and replace it on update", async () => {
    const { client } = cluster;
    const ns = await namespace("daemons");
    const name = { namespace: ns, name: "agent" };
    await client.create(DaemonSet, {
      metadata: name,
      spec: { selector: selector("agent"), template: template({ app: "agent" }) } as never,
    });
    await eventually("a daemon on both nodes", async () => (await client.get(DaemonSet, name)).status?.numberAvailable === 2);
    await client.patch(DaemonSet, name, "strategic", {
      spec: { template: { spec: { containers: [{ name: "app", image: "app:2" }] } } },
    });
    await eventually("both updated", async () => {
      const { status } = await client.get(DaemonSet, name);
      return status?.updatedNumberScheduled === 2 && status.numberAvailable === 2 && status.observedGeneration === 2;
    });
    expect((await podsOf(ns)).every((p) => p.spec.containers![0]!.image === "app:2")).toBe(true);
  });
});

describe("budgets, quotas and volumes", () => {
  it("allow as many disruptions as the budget leaves", async () => {
    const { client } = cluster;
    const ns = await namespace("budget");
    await client.create(ReplicaSet, {
      metadata: { namespace: ns, name: "web" },
      spec: { replicas: 4, selector: selector("web"), template: template({ app: "web" }) } as never,
    });
    await client.create(PodDisruptionBudget, {
      metadata: { namespace: ns, name: "web" },
      spec: { minAvailable: "50%", selector: selector("web") } as never,
    });
    const status = await eventually("two disruptions allowed", async () => {
      const { status: s } = await client.get(PodDisruptionBudget, { namespace: ns, name: "web" });
      return s?.disruptionsAllowed === 2 && s;
    });
    expect(status).toMatchObject({ expectedPods: 4, currentHealthy: 4, desiredHealthy: 2 });
    expect(status.conditions).toMatchObject([{ type: "DisruptionAllowed", status: "True", reason: "SufficientPods" }]);
  });

  it("count what a quota limits, and take back what is deleted", async () => {
    const { client } = cluster;
    const ns = await namespace("quota");
    await client.create(ResourceQuota, {
      metadata: { namespace: ns, name: "q" },
      spec: { hard: { configmaps: "5", "count/secrets": "2", services: "1" } },
    });
    const used = (wanted: Record<string, string>) =>
      eventually(JSON.stringify(wanted), async () => {
        const { status } = await client.get(ResourceQuota, { namespace: ns, name: "q" });
        return Object.entries(wanted).every(([k, v]) => status?.used?.[k] === v);
      });
    await used({ configmaps: "1", "count/secrets": "0", services: "0" });
    await client.create(ConfigMap, { metadata: { namespace: ns, name: "c" } });
    await used({ configmaps: "2" });
    await client.delete(ConfigMap, { namespace: ns, name: "c" });
    await used({ configmaps: "1" });
  });

  it("bind a claim to the smallest volume that fits, and release it", async () => {
    const { client } = cluster;
    const ns = await namespace("volumes");
    const volume = (name: string, storage: string) =>
      client.create(PersistentVolume, {
        metadata: { name },
        spec: {
          capacity: { storage },
          accessModes: ["ReadWriteOnce"],
          persistentVolumeReclaimPolicy: "Retain",
          storageClassName: "manual",
          hostPath: { path: "/x" },
        } as never,
      });
    await volume("large", "10Gi");
    await volume("small", "2Gi");
    const name = { namespace: ns, name: "data" };
    await client.create(PersistentVolumeClaim, {
      metadata: name,
      spec: { accessModes: ["ReadWriteOnce"], storageClassName: "manual", resources: { requests: { storage: "1Gi" } } } as never,
    });
    const claim = await eventually("the claim to be bound", async () => {
      const c = await client.get(PersistentVolumeClaim, name);
      return c.status?.phase === "Bound" && c;
    });
    expect(claim.spec?.volumeName).toBe("small");
    expect(claim.status?.capacity).toEqual({ storage: "2Gi" });
    const phase = (wanted: string) =>
      eventually(
        `volume ${wanted}`,
        async () => (await client.get(PersistentVolume, { name: "small" })).status?.phase === wanted,
      );
    await phase("Bound");
    await client.delete(PersistentVolumeClaim, name);
    await phase("Released");
  });
});
