/**
 * Leader election over a Lease: one of several processes works, the others wait.
 *
 * A candidate takes the lease when nobody holds it or when it has seen no renewal for the lease's duration by its own clock (clocks of
 * different machines are never compared). A leader that cannot renew in time stops by itself, before another may begin.
 *
 * @source staging/src/k8s.io/client-go/tools/leaderelection/leaderelection.go v1.36
 */
import { Lease } from "../api/coordination/lease.ts";
import { isAlreadyExists, isConflict, isNotFound } from "../apimachinery/errors.ts";
import { silentLogger, type Logger } from "../lib/logger.ts";
import { formatMicroTime, realPlatform, sleep, type Platform } from "../lib/platform.ts";
import type { Client } from "./types.ts";

export interface LeaderElectionOptions {
  client: Client;
  lease: { namespace: string; name: string };
  /** Unique among candidates. */
  identity: string;
  leaseSeconds?: number;
  renewWithinMs?: number;
  retryMs?: number;
  platform?: Platform;
  log?: Logger;
}

/**
 * Waits to become leader, then runs `lead` with a signal that is aborted when leadership is lost; then begins again. Resolves after `signal` is
 * aborted, the lease given back.
 */
export async function runAsLeader(
  options: LeaderElectionOptions,
  lead: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const { platform = realPlatform, retryMs = 2_000 } = options;
  const candidate = new Candidate(options);
  const pause = () => sleep(platform.clock, retryMs * (1 + 0.2 * platform.random.next()), signal).catch(() => {});
  while (!signal.aborted) {
    if (!(await candidate.tryHold())) {
      await pause();
      continue;
    }
    const term = new AbortController();
    const work = lead(term.signal);
    const renewWithinMs = options.renewWithinMs ?? 10_000;
    let renewed = platform.clock.monotonic();
    while (!signal.aborted && platform.clock.monotonic() - renewed < renewWithinMs) {
      await pause();
      if (!signal.aborted && (await candidate.tryHold())) renewed = platform.clock.monotonic();
    }
    term.abort(new Error("leadership ended"));
    await work;
  }
  await candidate.release();
}

class Candidate {
  readonly #o: LeaderElectionOptions;
  readonly #platform: Platform;
  readonly #log: Logger;
  #seen = { holder: "", renewTime: "", at: 0 };

  constructor(options: LeaderElectionOptions) {
    this.#o = options;
    this.#platform = options.platform ?? realPlatform;
    this.#log = options.log ?? silentLogger;
  }

  /** Takes or renews the lease; false where another holds it or the server cannot be asked. */
  async tryHold(): Promise<boolean> {
    try {
      return await this.#hold();
    } catch (error) {
      if (!isConflict(error) && !isAlreadyExists(error))
        this.#log.warn({ err: error, lease: this.#o.lease.name }, "lease not renewed");
      return false;
    }
  }

  async release(): Promise<void> {
    try {
      const lease = await this.#o.client.get(Lease, this.#o.lease);
      if (lease.spec?.holderIdentity !== this.#o.identity) return;
      const spec = { ...lease.spec, holderIdentity: "", leaseDurationSeconds: 1, renewTime: this.#now() };
      await this.#o.client.update(Lease, { ...lease, spec });
    } catch (error) {
      this.#log.debug({ err: error, lease: this.#o.lease.name }, "lease not given back: it will run out");
    }
  }

  async #hold(): Promise<boolean> {
    const { client, lease: name, identity, leaseSeconds = 15 } = this.#o;
    const now = this.#now();
    const mine = { holderIdentity: identity, leaseDurationSeconds: leaseSeconds, renewTime: now };
    const lease = await client.get(Lease, name).catch((error: unknown) => {
      if (isNotFound(error)) return undefined;
      throw error;
    });
    if (!lease) {
      await client.create(Lease, { metadata: name, spec: { ...mine, acquireTime: now, leaseTransitions: 0 } });
      return true;
    }
    const held = lease.spec ?? {};
    const same = held.holderIdentity === identity;
    if (
      !same &&
      held.holderIdentity &&
      !this.#ranOut(held.holderIdentity, held.renewTime ?? "", held.leaseDurationSeconds ?? leaseSeconds)
    )
      return false;
    const transitions = (held.leaseTransitions ?? 0) + (same ? 0 : 1);
    const acquireTime = same ? (held.acquireTime ?? now) : now;
    await client.update(Lease, { ...lease, spec: { ...held, ...mine, acquireTime, leaseTransitions: transitions } });
    return true;
  }

  #ranOut(holder: string, renewTime: string, seconds: number): boolean {
    const at = this.#platform.clock.monotonic();
    if (holder !== this.#seen.holder || renewTime !== this.#seen.renewTime) this.#seen = { holder, renewTime, at };
    return at - this.#seen.at > seconds * 1000;
  }

  #now(): string {
    return formatMicroTime(this.#platform.clock.now());
  }
}
