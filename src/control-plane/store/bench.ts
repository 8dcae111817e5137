/** How fast the embedded store is on this machine. Every figure is a median; the directory it writes to is removed again. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { realClock } from "../../shared/lib/platform.ts";
import { openEmbeddedStore, type Store } from "./index.ts";

export interface Figure {
  name: string;
  value: number;
  unit: string;
}

export interface StoreBenchOptions {
  /** Where to make the data directory: the disk that is measured. Default: the system's temporary directory. */
  directory?: string;
  writers?: number;
  valueBytes?: number;
  runs?: number;
}

const LOAD_MS = 1500;
const RANGE_KEYS = 500;

export async function benchStore(options: StoreBenchOptions = {}): Promise<Figure[]> {
  const { directory = tmpdir(), writers = 64, valueBytes = 2048, runs = 5 } = options;
  const root = mkdtempSync(join(directory, "knarr-bench-"));
  try {
    const figures = [await opening("open, empty directory", () => join(root, `empty-${realClock.monotonic()}`), runs)];
    figures.push(...(await commits(root, writers, valueBytes, runs)));
    for (const keys of [10_000, 100_000]) {
      const path = join(root, `${keys}`);
      const store = await openEmbeddedStore({ path });
      await fill(store, keys, valueBytes);
      figures.push(await ranging(store, keys));
      await store.close();
      figures.push(await opening(`open, ${keys} keys`, () => path, runs));
    }
    return figures;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

async function opening(name: string, path: () => string, runs: number): Promise<Figure> {
  const times: number[] = [];
  for (let i = 0; i < runs; i++) {
    const begin = realClock.monotonic();
    const store = await openEmbeddedStore({ path: path() });
    times.push(realClock.monotonic() - begin);
    await store.close();
  }
  return { name, value: median(times), unit: "ms" };
}

async function commits(root: string, writers: number, valueBytes: number, runs: number): Promise<Figure[]> {
  const perSecond: number[] = [];
  const cpuMs: number[] = [];
  for (let run = 0; run < runs; run++) {
    const store = await openEmbeddedStore({ path: join(root, `commits-${run}`) });
    const cpu = process.cpuUsage();
    const begin = realClock.monotonic();
    const counts = await Promise.all(Array.from({ length: writers }, (_, i) => writer(store, i, valueBytes, begin + LOAD_MS)));
    const count = counts.reduce((sum, n) => sum + n, 0);
    const used = process.cpuUsage(cpu);
    perSecond.push((count * 1000) / (realClock.monotonic() - begin));
    cpuMs.push((used.user + used.system) / 1000 / count);
    await store.close();
    rmSync(join(root, `commits-${run}`), { recursive: true });
  }
  const name = `durable commits, ${writers} writers, ${valueBytes} bytes`;
  return [
    { name, value: median(perSecond), unit: "1/s" },
    { name: `${name}: CPU`, value: median(cpuMs), unit: "ms each" },
  ];
}

async function writer(store: Store, id: number, valueBytes: number, untilMs: number): Promise<number> {
  let count = 0;
  for (; realClock.monotonic() < untilMs; count++) {
    const value = new Uint8Array(valueBytes).fill(id);
    await store.commit([{ op: "put", key: `/registry/configmaps/writer-${id}/${count}`, value, expected: 0 }]);
  }
  return count;
}

async function fill(store: Store, keys: number, valueBytes: number): Promise<void> {
  const value = new Uint8Array(valueBytes).fill(120);
  for (let i = 0; i < keys; i += 1000) {
    const batch = Array.from({ length: Math.min(1000, keys - i) }, (_, j) => `/registry/pods/default/pod-${(i + j) * 7919}`);
    await Promise.all(batch.map((key) => store.commit([{ op: "put", key, value }])));
  }
}

async function ranging(store: Store, keys: number): Promise<Figure> {
  const times: number[] = [];
  for (let i = 0; i < 400; i++) {
    const begin = realClock.monotonic();
    await store.range("/registry/pods/", "/registry/pods0", { limit: RANGE_KEYS });
    times.push(realClock.monotonic() - begin);
  }
  return { name: `range of ${RANGE_KEYS} of ${keys} keys`, value: median(times), unit: "ms" };
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1]!;
}
