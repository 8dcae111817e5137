import { expect, test } from "vitest";
import { everySort, hello, service, slice, two } from "../testing.ts";
import { planPort } from "../plan.ts";
import { servicePorts, type ServicePort } from "../service-port.ts";
import type { EndpointSlice, Service } from "../../../shared/api/index.ts";
import { renderPort } from "./render.ts";
import { Ruleset } from "./ruleset.ts";

const options = {
  family: 4 as const,
  clusterCidr: "10.244.0.0/16",
  serviceCidrs: ["10.96.0.0/16"],
  nodePortAddresses: [],
  nodeIps: ["10.0.0.2"],
};

function render(objects: [Service, EndpointSlice[]][]) {
  const ports: ServicePort[] = objects.flatMap(([service, slices]) =>
    servicePorts({ service, slices, family: 4, nodeName: "here" }),
  );
  return new Map(ports.map((port) => [port.id, renderPort(planPort(port, { nodeName: "here" }), options)]));
}

test("the whole table for Services of every sort", async () => {
  const ruleset = new Ruleset(options);
  ruleset.replace(render(everySort));
  const { lines } = ruleset.full({
    chains: ["services", "cluster/default/gone/tcp/"],
    sets: ["affinity/default/gone/tcp//10.0.0.1_80"],
  });
  await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot("../testdata/table.nft");
});

test("a change writes only what differs", () => {
  const ruleset = new Ruleset(options);
  ruleset.replace(render([[hello, [two]]]));
  expect(ruleset.replace(render([[hello, [two]]]))).toEqual({ lines: [], stale: [] });

  const three = slice("hello", [{ ip: "10.244.1.9" }], [{ name: "http", port: 8080 }]);
  expect(ruleset.replace(render([[hello, [two, three]]])).lines).toEqual([
    "add chain ip knarr-proxy cluster/default/hello/tcp/http",
    "flush chain ip knarr-proxy cluster/default/hello/tcp/http",
    "add rule ip knarr-proxy cluster/default/hello/tcp/http meta l4proto tcp dnat ip addr . port to numgen inc mod 3 map " +
      "{ 0 : 10.244.0.2 . 8080, 1 : 10.244.1.2 . 8080, 2 : 10.244.1.9 . 8080 }",
  ]);
  expect(ruleset.replace(render([[hello, []]]))).toEqual({
    lines: [
      "delete element ip knarr-proxy hairpin { 10.244.0.2 . 10.244.0.2 }",
      "delete element ip knarr-proxy service-ips { 10.96.1.1 . tcp . 80 }",
      "delete element ip knarr-proxy node-ports { tcp . 30080 }",
      "add element ip knarr-proxy no-endpoint-ips { 10.96.1.1 . tcp . 80 : goto refuse }",
      "add element ip knarr-proxy no-endpoint-node-ports { tcp . 30080 : goto refuse }",
      "flush chain ip knarr-proxy external/default/hello/tcp/http",
      "flush chain ip knarr-proxy cluster/default/hello/tcp/http",
    ],
    stale: ["external/default/hello/tcp/http", "cluster/default/hello/tcp/http"],
  });
});

test("an element stays while anybody claims it", () => {
  const ruleset = new Ruleset(options);
  const ports = (names: string[]) =>
    service("two", { clusterIP: "10.96.1.5", ports: names.map((name, i) => ({ name, port: 80 + i })) });
  ruleset.replace(render([[ports(["a", "b"]), []]]));
  expect(ruleset.replace(new Map([["default/two/tcp/a", undefined]])).lines).toEqual([
    "delete element ip knarr-proxy no-endpoint-ips { 10.96.1.5 . tcp . 80 }",
  ]);
  expect(ruleset.replace(new Map([["default/two/tcp/b", undefined]])).lines).toContain(
    "delete element ip knarr-proxy cluster-ips { 10.96.1.5 }",
  );
});
