/**
 * A UDP flow has no end that the kernel could see: a client that keeps sending from one port stays bound to the endpoint it
 * had, even after that is gone. Such entries of the connection table are deleted.
 */
import type { Run } from "../../shared/lib/command.ts";
import type { Logger } from "../../shared/lib/logger.ts";
import type { ServicePort } from "./service-port.ts";

/** One entry of the table: where it was sent, and who answers. */
export interface Flow {
  destination: string;
  port: number;
  endpoint: string;
  endpointPort: number;
}

/**
 * The flows to a Service that lead to no serving endpoint of it. Policies do not count: a flow keeps what it has. Nor does a
 * Service without endpoints, whose clients are refused anyway.
 *
 * @source pkg/proxy/conntrack/cleanup.go at v1.36
 */
export function staleFlows(flows: readonly Flow[], ports: Iterable<ServicePort>): Flow[] {
  const byAddress = new Map<string, Set<string>>();
  const byNodePort = new Map<number, Set<string>>();
  for (const port of ports) {
    const serving = new Set(port.endpoints.filter((endpoint) => endpoint.serving).map(({ ip, port }) => `${ip} ${port}`));
    if (port.protocol !== "udp" || !serving.size) continue;
    for (const address of [port.clusterIp, ...port.externalIps, ...port.loadBalancerIps])
      byAddress.set(`${address} ${port.port}`, serving);
    if (port.nodePort) byNodePort.set(port.nodePort, serving);
  }
  const isStale = ({ destination, port, endpoint, endpointPort }: Flow) => {
    const serving = byAddress.get(`${destination} ${port}`) ?? byNodePort.get(port);
    return serving !== undefined && !serving.has(`${endpoint} ${endpointPort}`);
  };
  return flows.filter(isStale);
}

/** Lines such as `udp 17 29 src=A dst=B sport=1 dport=2 src=C dst=D sport=3 dport=4 …`. */
export function parseFlows(text: string): Flow[] {
  const flows = new Map<string, Flow>();
  for (const line of text.split("\n")) {
    const values = (name: string) => [...line.matchAll(new RegExp(`\\b${name}=(\\S+)`, "g"))].map((match) => match[1]!);
    const [[, answers], [destination], ports, [port]] = [values("src"), values("dst"), values("sport"), values("dport")];
    if (!destination || !answers || !port || !ports[1]) continue;
    const flow = { destination, port: Number(port), endpoint: answers, endpointPort: Number(ports[1]) };
    flows.set(Object.values(flow).join(" "), flow);
  }
  return [...flows.values()];
}

/** Does nothing where the `conntrack` program is not installed. */
export async function cleanStaleFlows(ports: Iterable<ServicePort>, run: Run, log: Logger): Promise<void> {
  const list = await run(["conntrack", "-L", "-p", "udp"], { allowFailure: true });
  if (list.code !== 0) return log.debug({ err: list.stderr }, "the connection table cannot be read");
  for (const { destination, port, endpoint, endpointPort } of staleFlows(parseFlows(list.stdout), ports)) {
    const which = ["-d", destination, "--orig-port-dst", `${port}`, "-r", endpoint, "--reply-port-src", `${endpointPort}`];
    await run(["conntrack", "-D", "-p", "udp", ...which], { allowFailure: true }); // it may have ended meanwhile
  }
}
