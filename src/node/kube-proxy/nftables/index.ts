/** The nftables backend. */
import type { Run } from "../../../shared/lib/command.ts";
import { parseCidr, parseIp, type IpFamily } from "../../../shared/lib/ip.ts";
import type { BackendOptions, ProxyBackend } from "../backend.ts";
import { NftablesTable } from "./apply.ts";
import { renderPort } from "./render.ts";
import { ip, TABLE } from "./table.ts";

/** `now`: milliseconds that never go back. */
export function nftablesBackend(family: IpFamily, options: BackendOptions, run: Run, now: () => number): ProxyBackend {
  const ofFamily = (ranges: readonly string[]) => ranges.filter((range) => parseCidr(range)?.family === family);
  const [clusterCidr] = ofFamily(options.clusterCidr?.split(",") ?? []);
  const serviceCidrs = ofFamily(options.serviceCidrs);
  const nodePortAddresses = ofFamily(options.nodePortAddresses);
  const table = new NftablesTable({ family, clusterCidr, serviceCidrs, nodePortAddresses }, run, now);
  return {
    apply(changes) {
      const nodeIps = options.nodeIps().filter((address) => parseIp(address)?.family === family);
      const rendered = [...changes].map(
        ([id, plan]) => [id, plan && renderPort(plan, { family, clusterCidr, nodeIps })] as const,
      );
      return table.apply(new Map(rendered));
    },
    requestFull: () => table.requestFull(),
    get cleanupDueMs() {
      return table.cleanupDueMs;
    },
  };
}

/** Leaves nothing of the proxy behind. */
export async function removeNftables(run: Run): Promise<void> {
  const lines = ([4, 6] as const).flatMap((family) => [
    `add table ${ip(family)} ${TABLE}`,
    `delete table ${ip(family)} ${TABLE}`,
  ]);
  await run(["nft", "-f", "-"], { input: `${lines.join("\n")}\n` });
}
