/** The ordered state against the simplest thing that could be right: a list of all versions ever, with random writes and compactions. */
import { expect, test } from "vitest";
import { END_OF_KEYS, type Write } from "../types.ts";
import { KeySpace } from "./key-space.ts";

/** xorshift: the same numbers in every run. */
function numbers(seed: number): (below: number) => number {
  let x = seed;
  return (below) => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) % below;
  };
}

interface Past {
  key: string;
  revision: number;
  value: number | undefined;
}

class Model {
  readonly past: Past[] = [];

  range(from: string, to: string, revision: number): [string, number][] {
    const found = new Map<string, number>();
    for (const { key, revision: at, value } of this.past) {
      if (at > revision || less(key, from) || (to !== END_OF_KEYS && !less(key, to))) continue;
      if (value === undefined) found.delete(key);
      else found.set(key, value);
    }
    return [...found].sort(([a], [b]) => (less(a, b) ? -1 : 1));
  }
}

const less = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0;

function keyOf(n: number): string {
  const odd = ["\u{1f600}", "\uffee", "é"][n % 50];
  return `/${n % 7}/${odd ?? ""}${n * 31}`;
}

test.each([1, 2, 3])("random writes, reads at all revisions and compactions (seed %i)", (seed) => {
  const random = numbers(seed * 2654435761);
  const state = new KeySpace();
  const model = new Model();
  const keys = 3000;
  for (let step = 0; step < 6000; step++) {
    const picked = new Set(Array.from({ length: 1 + random(3) }, () => keyOf(random(step < 3000 ? keys : 400))));
    const writes = [...picked].map((key): Write =>
      random(3) === 0 ? { op: "delete", key } : { op: "put", key, value: Buffer.alloc(4) },
    );
    const transaction = state.apply(writes);
    for (const { type, kv } of transaction?.changes ?? []) {
      model.past.push({ key: kv.key, revision: kv.modRevision, value: type === "put" ? kv.version : undefined });
    }
    if (random(500) === 0) state.compact(state.compacted + 1 + random(state.head - state.compacted));
    if (step % 100 === 0) compare(state, model, random);
  }
  state.compact(state.head);
  compare(state, model, random);
  expect(state.keys).toBe(model.range("\0", END_OF_KEYS, state.head).length);
  expect(state.history.length).toBe(1);
});

function compare(state: KeySpace, model: Model, random: (below: number) => number): void {
  for (let i = 0; i < 6; i++) {
    const revision = i === 0 ? state.head : state.compacted + random(state.head - state.compacted + 1);
    const from = i < 2 ? "\0" : keyOf(random(3000));
    const to = i % 2 === 0 ? END_OF_KEYS : keyOf(random(3000));
    const wanted = model.range(from, to, revision);
    const found = state.range(from, to, revision);
    expect(found.kvs.map(({ key, version }) => [key, version])).toEqual(wanted);
    expect(found.count).toBe(wanted.length);
    expect(state.range(from, to, revision, { limit: 5 })).toMatchObject({ count: wanted.length, kvs: found.kvs.slice(0, 5) });
    expect(state.range(from, to, revision, { countOnly: true }).count).toBe(wanted.length);
  }
}
