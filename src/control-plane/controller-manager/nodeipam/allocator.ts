/**
 * Hands out equal parts of an address range: the lowest that is free, each to one holder.
 *
 *     new CidrAllocator("10.244.0.0/16", 24).allocate() → "10.244.0.0/24"
 */
import { cidrAddress, cidrsOverlap, parseCidr, type Cidr } from "../../../shared/lib/ip.ts";

export class CidrAllocator {
  readonly #cluster: Cidr;
  readonly #bits: number;
  readonly #count: number;
  readonly #used = new Set<number>();
  #next = 0;

  /** @throws Error where `cluster` is no CIDR or `bits` is no longer than its prefix. */
  constructor(cluster: string, bits: number) {
    const cidr = parseCidr(cluster);
    if (!cidr) throw new Error(`cluster CIDR ${JSON.stringify(cluster)} is invalid`);
    if (bits < cidr.bits)
      throw new Error(`node CIDR mask size ${bits} must be greater than or equal to the cluster CIDR's ${cidr.bits}`);
    this.#cluster = cidr;
    this.#bits = bits;
    this.#count = 2 ** Math.min(bits - cidr.bits, 20);
  }

  get family(): 4 | 6 {
    return this.#cluster.family;
  }

  /** undefined: all are taken. */
  allocate(): string | undefined {
    for (let i = 0; i < this.#count; i++) {
      const index = (this.#next + i) % this.#count;
      if (this.#used.has(index)) continue;
      this.#used.add(index);
      this.#next = (index + 1) % this.#count;
      return this.#part(index);
    }
    return undefined;
  }

  /** Marks what a node has already. A range outside of the cluster's is none of ours. */
  occupy(text: string): void {
    const index = this.#indexOf(text);
    if (index !== undefined) this.#used.add(index);
  }

  release(text: string): void {
    const index = this.#indexOf(text);
    if (index !== undefined) this.#used.delete(index);
  }

  #size(): bigint {
    return 1n << BigInt((this.family === 4 ? 32 : 128) - this.#bits);
  }

  #part(index: number): string {
    return `${cidrAddress(this.#cluster, BigInt(index) * this.#size())}/${this.#bits}`;
  }

  #indexOf(text: string): number | undefined {
    const cidr = parseCidr(text);
    if (!cidr || cidr.family !== this.family || !cidrsOverlap(cidr, this.#cluster)) return undefined;
    return Number((cidr.base - this.#cluster.base) / this.#size());
  }
}
