import { expect, test } from "vitest";
import { Pod, Service, type ResourceQuota } from "../../../../shared/api/index.ts";
import { quotaEvaluatorOf } from "../../../../shared/api/quota/index.ts";
import type { KubeObject } from "../../../../shared/apimachinery/meta.ts";
import { charge } from "./charge.ts";

const quota = (hard: Record<string, string>, used: Record<string, string> = {}, scopes: string[] = []): ResourceQuota =>
  ({ metadata: { name: "q" }, spec: { hard, scopes }, status: { hard, used } }) as unknown as ResourceQuota;
const pod = (...requests: (Record<string, string> | undefined)[]): KubeObject =>
  ({
    metadata: { name: "p" },
    spec: { containers: requests.map((r, i) => ({ name: `c${i}`, resources: { requests: r } })) },
  }) as never;
const create = (quotas: ResourceQuota[], object: KubeObject) =>
  charge(quotas, quotaEvaluatorOf(Pod)!, { operation: "CREATE", object, oldObject: undefined }, 0);

test("usage of all containers is charged to what the quota limits", () => {
  const { charged, fault } = create(
    [quota({ pods: "2", "requests.cpu": "2" }, { pods: "1", "requests.cpu": "500m" })],
    pod({ cpu: "600m" }, { cpu: "600m" }),
  );
  expect([fault, charged[0]?.status?.used]).toEqual([undefined, { pods: "2", "requests.cpu": "1700m" }]);
});

test("more than is left, a container that does not say, and a usage nobody counted yet are refused", () => {
  expect(create([quota({ pods: "1" }, { pods: "1" })], pod({})).fault).toBe(
    "exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1",
  );
  expect(create([quota({ memory: "1Gi" }, { memory: "0" })], pod({}, { memory: "1Mi" })).fault).toBe(
    "failed quota: q: must specify memory for: c0",
  );
  expect(create([quota({ pods: "1", "count/pods": "1" })], pod({})).fault).toBe(
    "status unknown for quota: q, resources: count/pods,pods",
  );
});

test("a quota of another scope does not apply", () => {
  expect(create([quota({ pods: "0" }, { pods: "0" }, ["BestEffort"])], pod({ cpu: "1" }))).toEqual({ charged: [] });
});

test("an update is charged the difference", () => {
  const service = (type: string) => ({ metadata: {}, spec: { type, ports: [{}, {}] } }) as unknown as KubeObject;
  const request = { operation: "UPDATE" as const, object: service("NodePort"), oldObject: service("ClusterIP") };
  const { charged } = charge(
    [quota({ services: "1", "services.nodeports": "2" }, { services: "1", "services.nodeports": "0" })],
    quotaEvaluatorOf(Service)!,
    request,
    0,
  );
  expect(charged[0]?.status?.used).toEqual({ services: "1", "services.nodeports": "2" });
});
