/**
 * The iptables backend: for kernels and tools that know nothing else. Dispatch chains are written whole, those of Services
 * only where they changed (rules that are written anew lose the turn of their endpoints).
 */
import type { Run } from "../../../shared/lib/command.ts";
import { parseCidr, parseIp, type IpFamily } from "../../../shared/lib/ip.ts";
import type { BackendOptions, ProxyBackend } from "../backend.ts";
import type { PortPlan } from "../plan.ts";
import { isServiceChain, jumps, renderTables, type IptablesTables } from "./render.ts";

type Table = Map<string, readonly string[]>;

/** How long to wait for another program that holds the lock of iptables. */
const LOCK_SECONDS = "5";

export function iptablesBackend(family: IpFamily, options: BackendOptions, run: Run): ProxyBackend {
  const program = programOf(family);
  const ofFamily = (ranges: readonly string[]) => ranges.filter((range) => parseCidr(range)?.family === family);
  const [clusterCidr] = ofFamily(options.clusterCidr?.split(",") ?? []);
  const [nodePortAddresses, serviceCidrs] = [ofFamily(options.nodePortAddresses), ofFamily(options.serviceCidrs)];
  const plans = new Map<string, PortPlan>();
  let applied: Table | undefined;

  async function write(tables: IptablesTables, full: boolean): Promise<void> {
    const before = full ? new Map((await serviceChains(program, run)).map((chain) => [chain, []])) : applied!;
    await run([`${program}-restore`, "--noflush", "-w", LOCK_SECONDS], { input: restoreInput(tables, before) });
    if (full) await ensureJumps(program, run);
  }

  return {
    async apply(changes) {
      for (const [id, plan] of changes) {
        if (plan) plans.set(id, plan);
        else plans.delete(id);
      }
      if (!changes.size && applied) return;
      if (!applied && !plans.size && family === 6) return; // nothing to serve in this family
      const nodeIps = options.nodeIps().filter((address) => parseIp(address)?.family === family);
      const tables = renderTables(plans.values(), { family, clusterCidr, serviceCidrs, nodePortAddresses, nodeIps });
      const full = !applied;
      try {
        await write(tables, full);
      } catch (error) {
        applied = undefined;
        if (full) throw error;
        await write(tables, true); // somebody else changed them
      }
      applied = tables.nat;
    },
    requestFull() {
      applied = undefined;
    },
    cleanupDueMs: undefined,
  };
}

/** What iptables-restore --noflush needs: a chain that is declared is emptied first, all others stay as they are. */
export function restoreInput({ nat, filter }: IptablesTables, before: Table): string {
  const changed = [...nat].filter(
    ([chain, rules]) => !isServiceChain(chain) || before.get(chain)?.join("\n") !== rules.join("\n"),
  );
  const gone = [...before.keys()].filter((chain) => isServiceChain(chain) && !nat.has(chain));
  return [
    "*filter",
    ...[...filter.keys()].map((chain) => `:${chain} - [0:0]`),
    ...[...filter].flatMap(([chain, rules]) => rules.map((rule) => `-A ${chain} ${rule}`)),
    "COMMIT",
    "*nat",
    ...[...changed.map(([chain]) => chain), ...gone].map((chain) => `:${chain} - [0:0]`),
    ...changed.flatMap(([chain, rules]) => rules.map((rule) => `-A ${chain} ${rule}`)),
    ...gone.map((chain) => `-X ${chain}`),
    "COMMIT",
    "",
  ].join("\n");
}

/** Leaves nothing of the proxy behind. */
export async function removeIptables(run: Run): Promise<void> {
  for (const family of [4, 6] as const) {
    const program = programOf(family);
    for (const table of ["nat", "filter"] as const) {
      const saved = await run([`${program}-save`, "-t", table], { allowFailure: true });
      const chains = [...saved.stdout.matchAll(/^:(KUBE-\S+)/gm)].map((match) => match[1]!);
      if (saved.code !== 0 || !chains.length) continue;
      const lines = saved.stdout.split("\n").filter((line) => /^-A (?!KUBE-)\S+ .*-j KUBE-/.test(line));
      const input = [
        `*${table}`,
        ...lines.map((line) => line.replace("-A", "-D")),
        ...chains.map((chain) => `:${chain} - [0:0]`),
        ...chains.map((chain) => `-X ${chain}`),
      ];
      await run([`${program}-restore`, "--noflush", "-w", LOCK_SECONDS], { input: `${input.join("\n")}\nCOMMIT\n` });
    }
  }
}

const programOf = (family: IpFamily) => (family === 4 ? "iptables" : "ip6tables");

async function serviceChains(program: string, run: Run): Promise<string[]> {
  const { stdout } = await run([`${program}-save`, "-t", "nat"], { allowFailure: true });
  return [...stdout.matchAll(/^:(\S+)/gm)].map((match) => match[1]!).filter(isServiceChain);
}

/** The built-in chains are not ours: what is missing in them is put first, the rest is left alone. */
async function ensureJumps(program: string, run: Run): Promise<void> {
  for (const [table, chain, rule] of jumps.toReversed()) {
    const words = rule.split(" ");
    const there = await run([program, "-w", LOCK_SECONDS, "-t", table, "-C", chain, ...words], { allowFailure: true });
    if (there.code !== 0) await run([program, "-w", LOCK_SECONDS, "-t", table, "-I", chain, ...words]);
  }
}
