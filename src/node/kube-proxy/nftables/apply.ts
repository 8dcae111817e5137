/**
 * Carries a `Ruleset` into the kernel: small transactions for changes, a full one at the start, now and then, and after any
 * failure. `nft -f -` applies all of its input or nothing.
 */
import type { Run } from "../../../shared/lib/command.ts";
import { ip, TABLE, type TableOptions } from "./table.ts";
import { Ruleset, type ExistingObjects } from "./ruleset.ts";
import type { Rendering } from "./render.ts";

/** Before Linux 6.2 the kernel notices only after a moment that no element points to a chain any more. */
const STALE_CHAIN_MS = 1_000;

export class NftablesTable {
  readonly #run: Run;
  readonly #now: () => number;
  readonly #name: string;
  readonly #ruleset: Ruleset;
  /** Chain → when it became stale. */
  readonly #stale = new Map<string, number>();
  #needsFull = true;
  #exists = false;

  /** `now`: milliseconds that never go back. */
  constructor(options: TableOptions, run: Run, now: () => number) {
    this.#run = run;
    this.#now = now;
    this.#name = `${ip(options.family)} ${TABLE}`;
    this.#ruleset = new Ruleset(options);
  }

  /** Makes the next `apply` write everything. */
  requestFull(): void {
    this.#needsFull = true;
  }

  /** Applies changes (Service port id → its rendering, undefined for gone). After a throw, the next call writes everything. */
  async apply(changes: ReadonlyMap<string, Rendering | undefined>): Promise<void> {
    const step = this.#ruleset.replace(changes);
    if (this.#needsFull) return this.#applyFull();
    try {
      await this.#commit(step);
    } catch {
      // Somebody else changed the table: what is in it now decides.
      await this.#applyFull();
    }
    await this.#deleteStale();
  }

  /** Milliseconds until stale chains want an `apply`, or undefined. */
  get cleanupDueMs(): number | undefined {
    return this.#stale.size ? STALE_CHAIN_MS : undefined;
  }

  async remove(): Promise<void> {
    await this.#run(["nft", "-f", "-"], { input: `add table ${this.#name}\ndelete table ${this.#name}\n` });
  }

  async #applyFull(): Promise<void> {
    this.#needsFull = true;
    const existing = await this.#existing();
    if (this.#ruleset.isEmpty && !existing && !this.#exists) {
      this.#needsFull = false; // nothing to serve in this family: no table
      return;
    }
    this.#stale.clear();
    try {
      await this.#commit(this.#ruleset.full(existing ?? { chains: [], sets: [] }));
    } catch {
      // A table with other types or priorities, as another version leaves it, cannot be changed in place.
      const { lines } = this.#ruleset.full({ chains: [], sets: [] });
      await this.#commit({ lines: [`add table ${this.#name}`, `delete table ${this.#name}`, ...lines], stale: [] });
    }
    this.#needsFull = false;
    this.#exists = true;
  }

  async #commit({ lines, stale }: { lines: readonly string[]; stale: readonly string[] }): Promise<void> {
    if (!lines.length) return;
    await this.#run(["nft", "-f", "-"], { input: `${lines.join("\n")}\n` });
    for (const chain of stale) this.#stale.set(chain, this.#now());
  }

  async #deleteStale(): Promise<void> {
    const due = [...this.#stale].filter(([, since]) => this.#now() - since >= STALE_CHAIN_MS).map(([chain]) => chain);
    if (!due.length) return;
    for (const chain of due) this.#stale.delete(chain);
    const gone = due.filter((chain) => !this.#ruleset.wants(chain)).map((chain) => `delete chain ${this.#name} ${chain}`);
    if (!gone.length) return;
    const { code } = await this.#run(["nft", "-f", "-"], { input: `${gone.join("\n")}\n`, allowFailure: true });
    // They are empty and unreachable; the next full transaction finds them again.
    if (code !== 0) this.#needsFull = true;
  }

  /** Undefined where there is no table. */
  async #existing(): Promise<ExistingObjects | undefined> {
    const { code, stdout } = await this.#run(["nft", "-t", "list", "table", ...this.#name.split(" ")], { allowFailure: true });
    if (code !== 0) return undefined;
    const names = (kind: string) => [...stdout.matchAll(new RegExp(`^\\s+${kind} (\\S+) \\{`, "gm"))].map((match) => match[1]!);
    return { chains: names("chain"), sets: names("set") };
  }
}
