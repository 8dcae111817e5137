/**
 * The host's nftables rules of one cluster, all in one table of its own: nodes reach the outside under the host's address,
 * and where the host resolves names on its loopback, port 53 of the gateway leads there.
 */
import type { Run } from "../../shared/lib/command.ts";
import { bridgeName, hostTableName } from "./address-plan.ts";

export interface HostRulesInput {
  cluster: string;
  subnet: string;
  gateway: string;
  redirectDnsTo?: string;
}

export function hostRules({ cluster, subnet, gateway, redirectDnsTo }: HostRulesInput): string {
  const table = hostTableName(cluster);
  const bridge = bridgeName(cluster);
  const redirect = redirectDnsTo
    ? `
  chain keep-loopback {
    type filter hook prerouting priority raw; policy accept;
    iifname "${bridge}" ip daddr 127.0.0.0/8 drop
  }
  chain redirect-dns {
    type nat hook prerouting priority dstnat; policy accept;
    iifname "${bridge}" ip daddr ${gateway} meta l4proto { tcp, udp } th dport 53 dnat to ${redirectDnsTo}
  }`
    : "";
  return `add table ip ${table}
delete table ip ${table}
table ip ${table} {${redirect}
  chain leave {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr ${subnet} ip daddr != ${subnet} oifname != "${bridge}" masquerade
  }
}
`;
}

/**
 * Docker and some firewalls drop what is forwarded by default, in a table where only a rule of that same table can accept.
 * These are put there, and taken away by `removeForwardRules`.
 */
export async function acceptForwarding(run: Run, cluster: string): Promise<void> {
  const chain = await run(["nft", "list", "chain", "ip", "filter", "FORWARD"], { allowFailure: true });
  if (!/policy drop/.test(chain.stdout) || chain.stdout.includes(bridgeName(cluster))) return;
  for (const direction of ["-i", "-o"])
    await run(["iptables", "-w", "-I", "FORWARD", direction, bridgeName(cluster), "-j", "ACCEPT"]);
}

export async function removeHostRules(run: Run, cluster: string): Promise<void> {
  const table = hostTableName(cluster);
  await run(["nft", "-f", "-"], { input: `add table ip ${table}\ndelete table ip ${table}\n` });
  const chain = await run(["nft", "list", "chain", "ip", "filter", "FORWARD"], { allowFailure: true });
  if (!chain.stdout.includes(`"${bridgeName(cluster)}"`)) return;
  for (const direction of ["-i", "-o"]) {
    await run(["iptables", "-w", "-D", "FORWARD", direction, bridgeName(cluster), "-j", "ACCEPT"], { allowFailure: true });
  }
}
