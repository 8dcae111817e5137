import { expect, test } from "vitest";
import { parseFlows, staleFlows } from "./conntrack.ts";
import { servicePorts } from "./service-port.ts";
import { service, slice } from "./testing.ts";

const table = `
udp      17 25 src=10.244.0.2 dst=10.96.0.10 sport=40000 dport=53 src=10.244.0.8 dst=10.244.0.2 sport=53 dport=40000 mark=0 use=1
udp      17 25 src=10.244.0.2 dst=10.96.0.10 sport=40001 dport=53 src=10.244.0.9 dst=10.244.0.2 sport=53 dport=40001 mark=0 use=1
udp      17 25 src=192.0.2.1 dst=192.0.2.2 sport=40001 dport=30053 [UNREPLIED] src=10.244.0.8 dst=10.0.0.1 sport=53 dport=40001 mark=0 use=1
udp      17 25 src=10.244.0.2 dst=10.96.0.11 sport=40002 dport=53 src=10.244.0.8 dst=10.244.0.2 sport=53 dport=40002 mark=0 use=1
`;

test("flows of a UDP Service to endpoints that no longer serve are stale, others are none of its business", () => {
  const dns = service("dns", { clusterIP: "10.96.0.10", ports: [{ port: 53, nodePort: 30053, protocol: "UDP" }] });
  const ports = servicePorts({
    service: dns,
    slices: [slice("dns", [{ ip: "10.244.0.9" }, { ip: "10.244.0.8", serving: false }], [{ port: 53, protocol: "UDP" }])],
    family: 4,
    nodeName: "n",
  });
  expect(staleFlows(parseFlows(table), ports)).toEqual([
    { destination: "10.96.0.10", port: 53, endpoint: "10.244.0.8", endpointPort: 53 },
    { destination: "192.0.2.2", port: 30053, endpoint: "10.244.0.8", endpointPort: 53 },
  ]);
  expect(staleFlows(parseFlows(table), [])).toEqual([]);
});
