import { expect, test } from "vitest";
import type { Node } from "../../shared/api/index.ts";
import { planPodRoutes, routeChanges } from "./pod-routes.ts";

const node = (name: string, address: string, ...podCIDRs: string[]) =>
  ({ metadata: { name }, spec: { podCIDRs }, status: { addresses: [{ type: "InternalIP", address }] } }) as unknown as Node;

test("routes lead to every other node on a shared link; the rest needs a tunnel", () => {
  const nodes = [
    node("a", "10.89.0.2", "10.244.0.0/24"),
    node("b", "10.89.0.3", "10.244.1.0/24", "fd00:1::/64"),
    node("c", "10.50.0.3", "10.244.2.0/24"),
    node("new", "10.89.0.4"),
  ];
  expect(planPodRoutes(nodes, [{ dev: "eth0", address: "10.89.0.2/24" }], "a")).toEqual({
    routes: [{ dst: "10.244.1.0/24", via: "10.89.0.3", dev: "eth0" }],
    distant: [{ name: "c", podCidr: "10.244.2.0/24", address: "10.50.0.3" }],
  });
});

test("only what differs is changed", () => {
  const wanted = [
    { dst: "10.244.1.0/24", via: "10.89.0.3", dev: "eth0" },
    { dst: "10.244.2.0/24", via: "10.89.0.4", dev: "eth0" },
  ];
  const existing = [
    { dst: "10.244.1.0/24", gateway: "10.89.0.3", dev: "eth0" },
    { dst: "10.244.2.0/24", gateway: "10.89.0.9", dev: "eth0" },
    { dst: "10.244.9.0/24", gateway: "10.89.0.9", dev: "eth0" },
  ];
  expect(routeChanges(existing, wanted, 75)).toEqual([
    "route del 10.244.9.0/24 proto 75",
    "route replace 10.244.2.0/24 via 10.89.0.4 dev eth0 proto 75",
  ]);
});
