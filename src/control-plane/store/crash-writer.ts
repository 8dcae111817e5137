/**
 * The process that the crash test kills: writers that count, each in two keys of one commit, and tell each number on standard output
 * only after the store has acknowledged it.
 */
import { openEmbeddedStore } from "./index.ts";

const [path, writers] = process.argv.slice(2) as [string, string];
const store = await openEmbeddedStore({ path, historyMs: 100, historyBytes: 4 << 20 });

async function count(writer: number): Promise<void> {
  const key = `/writer-${writer}/`;
  let { kv } = await store.get(`${key}a`);
  for (let n = Number(kv ? Buffer.from(kv.value).toString("latin1", 0, 10) : 0) + 1; ; n++) {
    const value = Buffer.alloc(6000, `${n}`.padStart(10));
    const expected = kv?.modRevision ?? 0;
    const result = await store.commit([
      { op: "put", key: `${key}a`, value, expected },
      { op: "put", key: `${key}b`, value, expected },
      { op: "put", key: `${key}log/${n % 50}`, value },
    ]);
    if (!result.ok) throw new Error(`writer ${writer}: conflict at ${n}`);
    process.stdout.write(`${writer} ${n} ${result.revision}\n`);
    kv = { ...kv!, modRevision: result.revision };
  }
}

await Promise.all(Array.from({ length: Number(writers) }, (_, i) => count(i)));
