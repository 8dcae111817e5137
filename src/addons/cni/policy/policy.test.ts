import { expect, test } from "vitest";
import type { Namespace, NetworkPolicy, Pod } from "../../../shared/api/index.ts";
import { planPolicies } from "./plan.ts";
import { renderPolicies } from "./render.ts";

function pod(
  name: string,
  namespace: string,
  ip: string,
  { node = "here", labels = { app: name }, ...spec }: Record<string, any> = {},
): Pod {
  const containers = [{ name: "c", ports: [{ name: "web", containerPort: 8080, protocol: "TCP" }] }];
  return {
    metadata: { name, namespace, labels },
    spec: { nodeName: node, containers, ...spec },
    status: { phase: "Running", podIP: ip, podIPs: [{ ip }] },
  } as unknown as Pod;
}

const policy = (name: string, spec: object) => ({ metadata: { name, namespace: "shop" }, spec }) as unknown as NetworkPolicy;
const namespaces = ["shop", "tools"].map((name) => ({ metadata: { name, labels: { team: name } } }) as unknown as Namespace);
const pods = [
  pod("web", "shop", "10.244.0.2"),
  pod("db", "shop", "10.244.0.3"),
  pod("far", "shop", "10.244.1.4", { node: "there" }),
  pod("probe", "tools", "10.244.0.5"),
  pod("host", "shop", "10.89.0.2", { hostNetwork: true, labels: { app: "web" } }),
];
const plan = (...policies: NetworkPolicy[]) => planPolicies({ nodeName: "here", policies, pods, namespaces });

test("what a policy allows, by peer and port", () => {
  const { isolated, allowed } = plan(
    policy("web", {
      podSelector: { matchLabels: { app: "web" } },
      policyTypes: ["Ingress", "Egress"],
      ingress: [
        {
          from: [{ podSelector: { matchLabels: { app: "far" } } }, { namespaceSelector: { matchLabels: { team: "tools" } } }],
          ports: [{ port: "web" }],
        },
        {
          from: [{ ipBlock: { cidr: "192.0.2.0/24", except: ["192.0.2.128/25"] } }],
          ports: [{ protocol: "UDP", port: 53, endPort: 59 }],
        },
      ],
      egress: [{ to: [{ podSelector: { matchLabels: { app: "db" } } }] }],
    }),
    policy("db", { podSelector: { matchLabels: { app: "db" } }, ingress: [{}] }),
    policy("far", { podSelector: { matchLabels: { app: "far" } } }),
  );
  expect(isolated).toEqual({
    ingress: [
      { ip: "10.244.0.2", policies: ["shop/web"] },
      { ip: "10.244.0.3", policies: ["shop/db"] },
    ],
    egress: [{ ip: "10.244.0.2", policies: ["shop/web"] }],
  });
  expect(allowed.ingress.get("shop/web")).toEqual([
    { pods: ["10.244.1.4"], protocol: "tcp", named: ["10.244.0.2 . 8080"] },
    { pods: ["10.244.0.5"], protocol: "tcp", named: ["10.244.0.2 . 8080"] },
    { range: { cidr: "192.0.2.0/24", except: ["192.0.2.128/25"] }, protocol: "udp", ports: [53, 59] },
  ]);
  expect(allowed.ingress.get("shop/db")).toEqual([{}]);
  expect(allowed.egress.get("shop/web")).toEqual([{ pods: ["10.244.0.3"] }]);
});

test("as nftables", async () => {
  const script = renderPolicies(
    plan(
      policy("all", { podSelector: {}, policyTypes: ["Ingress"] }),
      policy("web", {
        podSelector: { matchLabels: { app: "web" } },
        ingress: [
          {
            from: [
              { podSelector: { matchLabels: { app: "db" } } },
              { ipBlock: { cidr: "192.0.2.0/24", except: ["192.0.2.7/32"] } },
            ],
            ports: [{ port: 80 }, { port: "web" }],
          },
        ],
        egress: [{ ports: [{ protocol: "UDP", port: 53 }] }],
        policyTypes: ["Ingress", "Egress"],
      }),
    ),
  );
  await expect(script).toMatchFileSnapshot("../testdata/policies.nft");
});
