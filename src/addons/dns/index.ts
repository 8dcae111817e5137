/** The cluster's DNS: a server in each node's agent, and the Service that leads to it. */
export { runDns } from "./dns.ts";
export { DNS_NODE_PORT, dnsServiceController } from "./service.ts";
