/**
 * Sets of completion indexes as ordered intervals, the form a Job's status keeps them in: `"1,3-5,7"`.
 *
 * Two neighbours are written `3,4`, three or more `3-5`.
 */
export class Intervals {
  readonly #ranges: readonly (readonly [first: number, last: number])[];

  private constructor(ranges: readonly (readonly [number, number])[]) {
    this.#ranges = ranges;
  }

  static readonly empty = new Intervals([]);

  /** Indexes from `completions` on are cut off; what does not parse is left out. */
  static parse(text: string | undefined, completions: number): Intervals {
    const ranges = (text ?? "").split(",").flatMap((part): [number, number][] => {
      const match = /^(\d+)(?:-(\d+))?$/.exec(part);
      if (!match) return [];
      const first = Number(match[1]);
      const last = Math.min(Number(match[2] ?? match[1]), completions - 1);
      return first < completions ? [[first, last]] : [];
    });
    return Intervals.#of(ranges);
  }

  static #of(ranges: [number, number][]): Intervals {
    const merged: [number, number][] = [];
    for (const [first, last] of ranges.sort((a, b) => a[0] - b[0])) {
      const previous = merged.at(-1);
      if (previous && first <= previous[1] + 1) previous[1] = Math.max(previous[1], last);
      else merged.push([first, last]);
    }
    return new Intervals(merged);
  }

  with(indexes: Iterable<number>): Intervals {
    const added = [...indexes].map((i): [number, number] => [i, i]);
    return added.length ? Intervals.#of([...this.#copy(), ...added]) : this;
  }

  union(other: Intervals): Intervals {
    return Intervals.#of([...this.#copy(), ...other.#copy()]);
  }

  has(index: number): boolean {
    return this.#ranges.some(([first, last]) => first <= index && index <= last);
  }

  get size(): number {
    return this.#ranges.reduce((n, [first, last]) => n + last - first + 1, 0);
  }

  /** How many indexes are in both. */
  overlap(other: Intervals): number {
    let n = 0;
    for (const [a, b] of this.#ranges) for (const [c, d] of other.#ranges) n += Math.max(0, Math.min(b, d) - Math.max(a, c) + 1);
    return n;
  }

  /** The lowest `count` indexes below `limit` that are not in the set. */
  firstMissing(count: number, limit: number): number[] {
    const missing: number[] = [];
    let candidate = 0;
    for (const [first, last] of [...this.#ranges, [limit, limit] as const]) {
      for (; candidate < Math.min(first, limit) && missing.length < count; candidate++) missing.push(candidate);
      candidate = Math.max(candidate, last + 1);
    }
    return missing;
  }

  toString(): string {
    return this.#ranges
      .map(([first, last]) => (first === last ? `${first}` : `${first}${last === first + 1 ? "," : "-"}${last}`))
      .join(",");
  }

  #copy(): [number, number][] {
    return this.#ranges.map(([first, last]) => [first, last]);
  }
}
