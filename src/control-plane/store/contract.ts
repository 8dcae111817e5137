/**
 * The contract suite: what every engine guarantees, run by each engine's own test file.
 *
 * Revisions are compared with each other and never with constants, and keys are few: an engine may be shared by several tests.
 */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  CompactedError,
  END_OF_KEYS,
  FutureRevisionError,
  LeaseNotFoundError,
  prefixEnd,
  type KeyValue,
  type Store,
  type Watch,
  type WatchEventRecord,
  type Write,
} from "./types.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (kv: KeyValue | undefined) => kv && new TextDecoder().decode(kv.value);
const put = (key: string, value: string, expected?: number): Write => ({ op: "put", key, value: bytes(value), expected });

/** @param open gives a store without keys; called before, and the store closed after, each test */
export function storeContract(name: string, open: () => Promise<Store>): void {
  describe(`store contract: ${name}`, () => {
    let store: Store;
    const watches: Watch[] = [];

    beforeEach(async () => {
      store = await open();
    });

    afterEach(async () => {
      for (const watch of watches.splice(0)) watch.close();
      await store.close();
    });

    const write = async (...writes: Write[]): Promise<number> => {
      const result = await store.commit(writes);
      expect(result.ok).toBe(true);
      return result.revision;
    };
    const keysOf = async (from: string, to: string, options = {}) =>
      (await store.range(from, to, options)).kvs.map((kv) => kv.key);
    const record = (from: string, to: string, fromRevision: number) => {
      const seen = new Recorder();
      watches.push(store.watch(from, to, fromRevision, seen));
      return seen;
    };

    describe("keys and revisions", () => {
      test("a put makes one revision and sets the counters", async () => {
        const before = await store.currentRevision();
        const first = await write(put("/a", "one"));
        const second = await write(put("/a", "two"));
        expect([first, second]).toEqual([before + 1, before + 2]);
        const { kv } = await store.get("/a");
        expect(kv).toMatchObject({ key: "/a", createRevision: first, modRevision: second, version: 2 });
        expect(text(kv)).toBe("two");
      });

      test("a new incarnation starts to count again", async () => {
        await write(put("/a", "one"));
        await write({ op: "delete", key: "/a" });
        expect((await store.get("/a")).kv).toBeUndefined();
        const revision = await write(put("/a", "again"));
        expect((await store.get("/a")).kv).toMatchObject({ createRevision: revision, modRevision: revision, version: 1 });
      });

      test("deleting what is absent changes nothing", async () => {
        const before = await store.currentRevision();
        expect(await store.commit([{ op: "delete", key: "/none" }])).toEqual({ ok: true, revision: before });
        expect(await store.commit([])).toEqual({ ok: true, revision: before });
      });

      test("empty and binary values come back as they went in", async () => {
        const value = Uint8Array.from({ length: 256 }, (_, i) => i);
        await write({ op: "put", key: "/bin", value }, { op: "put", key: "/empty", value: new Uint8Array(0) });
        expect([...(await store.get("/bin")).kv!.value]).toEqual([...value]);
        expect((await store.get("/empty")).kv!.value.length).toBe(0);
      });

      test("an empty key and a key named twice are refused", async () => {
        await expect(store.commit([put("", "x")])).rejects.toThrow(TypeError);
        await expect(store.commit([put("/a", "x"), { op: "delete", key: "/a" }])).rejects.toThrow(TypeError);
        await expect(store.commit([put("/\ud800", "x")])).rejects.toThrow(TypeError);
      });
    });

    describe("conditions", () => {
      test("create only once", async () => {
        const revision = await write(put("/a", "one", 0));
        const again = await store.commit([put("/a", "two", 0)]);
        expect(again).toMatchObject({ ok: false, index: 0, current: { key: "/a", modRevision: revision } });
        expect(text((await store.get("/a")).kv)).toBe("one");
      });

      test("compare and put, compare and delete", async () => {
        const one = await write(put("/a", "one"));
        const two = await write(put("/a", "two", one));
        const stale = await store.commit([{ op: "delete", key: "/a", expected: one }]);
        expect(stale).toMatchObject({ ok: false, revision: two, current: { modRevision: two } });
        await write({ op: "delete", key: "/a", expected: two });
        expect(await store.commit([put("/a", "x", two)])).toMatchObject({ ok: false, current: undefined });
        expect(await store.commit([{ op: "delete", key: "/a", expected: 0 }])).toMatchObject({ ok: true });
      });

      test("all writes or none", async () => {
        await write(put("/a", "one"));
        const before = await store.currentRevision();
        const failed = await store.commit([put("/b", "x"), put("/a", "x", 0), put("/c", "x")]);
        expect(failed).toMatchObject({ ok: false, index: 1 });
        expect(await store.currentRevision()).toBe(before);
        expect(await keysOf("/", END_OF_KEYS)).toEqual(["/a"]);
        const revision = await write(put("/b", "x", 0), { op: "delete", key: "/a" }, put("/c", "x"));
        expect(revision).toBe(before + 1);
        expect((await store.range("/", "0")).kvs.map((kv) => [kv.key, kv.modRevision])).toEqual([
          ["/b", revision],
          ["/c", revision],
        ]);
      });

      test("of many that expect the same revision one wins, and the losers see it", async () => {
        const base = await write(put("/a", "0"));
        const results = await Promise.all(Array.from({ length: 30 }, (_, i) => store.commit([put("/a", `${i}`, base)])));
        const won = results.filter((result) => result.ok);
        expect(won.length).toBe(1);
        for (const result of results) if (!result.ok) expect(result.current?.modRevision).toBe(won[0]!.revision);
      });

      test("optimistic counters lose nothing", async () => {
        const increment = async () => {
          for (;;) {
            const { kv } = await store.get("/n");
            const next = Number(text(kv) ?? 0) + 1;
            if ((await store.commit([put("/n", `${next}`, kv?.modRevision ?? 0)])).ok) return;
          }
        };
        await Promise.all(Array.from({ length: 8 }, async () => void (await increment(), await increment())));
        expect(text((await store.get("/n")).kv)).toBe("16");
      });
    });

    describe("ranges", () => {
      test("keys are ordered by their UTF-8 bytes", async () => {
        const keys = [
          "/a",
          "/a/b",
          "/a0",
          "/B",
          "/z",
          "/é",
          "/\u{10000}",
          "/\uffee",
          "/\ue000",
          "/\ud7ff",
          "/a\u{1f600}b",
          "/a\uffffb",
        ];
        await write(...keys.map((key) => put(key, key)));
        const wanted = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
        expect(await keysOf("/", END_OF_KEYS)).toEqual(wanted);
        expect(await keysOf("/", "0")).toEqual(wanted);
        expect(await keysOf("/\uffee", END_OF_KEYS)).toEqual(["/\uffee", "/\u{10000}"]);
        expect(await keysOf("/a", prefixEnd("/a"))).toEqual(["/a", "/a/b", "/a0", "/a\uffffb", "/a\u{1f600}b"]);
      });

      test("limit, more, count and countOnly", async () => {
        const revision = await write(...["a", "b", "c", "d"].map((key) => put(`/x/${key}`, key)));
        await write(put("/y", "other"));
        expect(await store.range("/x/", "/x0", { limit: 2 })).toMatchObject({ count: 4, more: true, revision: revision + 1 });
        expect(await store.range("/x/", "/x0", { limit: 4 })).toMatchObject({ count: 4, more: false });
        expect(await store.range("/x/", "/x0", { countOnly: true })).toMatchObject({ kvs: [], count: 4, more: false });
        expect(await store.range("/q", "/r")).toMatchObject({ kvs: [], count: 0, more: false });
      });

      test("pages at one revision do not see later writes", async () => {
        for (const key of ["a", "b", "c", "d", "e"]) await write(put(`/p/${key}`, "old"));
        const first = await store.range("/p/", "/p0", { limit: 2 });
        await write(put("/p/c", "new"), { op: "delete", key: "/p/d" }, put("/p/bb", "new"));
        await write(put("/p/d", "reborn"));
        const next = await store.range(`${first.kvs.at(-1)!.key}\0`, "/p0", { revision: first.revision });
        expect(next.kvs.map((kv) => [kv.key, text(kv)])).toEqual([
          ["/p/c", "old"],
          ["/p/d", "old"],
          ["/p/e", "old"],
        ]);
        expect(next).toMatchObject({ revision: first.revision, count: 3 });
        expect(await keysOf("/p/", "/p0")).toEqual(["/p/a", "/p/b", "/p/bb", "/p/c", "/p/d", "/p/e"]);
        expect(await keysOf("/p/", "/p0", { revision: first.revision + 1 })).not.toContain("/p/d");
      });

      test("reads at a revision, and of the future", async () => {
        const one = await write(put("/a", "one"));
        const two = await write(put("/a", "two"));
        await write({ op: "delete", key: "/a" });
        expect(text((await store.get("/a", { revision: one })).kv)).toBe("one");
        expect(text((await store.get("/a", { revision: two })).kv)).toBe("two");
        expect((await store.get("/a", { revision: two + 1 })).kv).toBeUndefined();
        await expect(store.get("/a", { revision: two + 100 })).rejects.toThrow(FutureRevisionError);
        await expect(store.range("/", "0", { revision: two + 100 })).rejects.toThrow(FutureRevisionError);
      });

      test("thousands of keys", async () => {
        const keys = Array.from({ length: 3000 }, (_, i) => `/many/${(i * 7919) % 3000}`);
        for (let i = 0; i < keys.length; i += 100) await write(...keys.slice(i, i + 100).map((key) => put(key, key)));
        const middle = await store.currentRevision();
        for (let i = 0; i < 1500; i += 100) await write(...keys.slice(i, i + 100).map((key): Write => ({ op: "delete", key })));
        const wanted = keys.slice(1500).sort();
        expect(await keysOf("/many/", "/many0")).toEqual(wanted);
        expect(await store.range("/many/", "/many0", { limit: 10 })).toMatchObject({ count: 1500 });
        expect((await store.range("/many/", "/many0", { limit: 10, revision: middle })).count).toBe(3000);
        expect((await store.range(wanted[700]!, wanted[900]!, { limit: 1 })).count).toBe(200);
      });
    });

    describe("watches", () => {
      test("events in order, each with what was before", async () => {
        const seen = record("/w/", "/w0", 0);
        await seen.ready(store);
        const one = await write(put("/w/a", "one"));
        await write(put("/other", "x"));
        const two = await write(put("/w/a", "two"), put("/w/b", "b"));
        const three = await write({ op: "delete", key: "/w/a" });
        await seen.until(three);
        expect(seen.lines()).toEqual([
          `${one} put /w/a one <- nothing`,
          `${two} put /w/a two <- one@${one}`,
          `${two} put /w/b b <- nothing`,
          `${three} delete /w/a  <- two@${two}`,
        ]);
        expect(seen.events.at(-1)!.kv).toMatchObject({ version: 0, createRevision: 0 });
        expect(seen.events[0]!.kv).toMatchObject({ version: 1, createRevision: one });
      });

      test("from a revision: the past, then what comes, without gap or repetition", async () => {
        await write(put("/w/a", "0"));
        const from = await write(put("/w/a", "1"));
        for (let i = 2; i < 40; i++) await write(put("/w/a", `${i}`));
        const writing = (async () => {
          for (let i = 40; i < 80; i++) await write(put("/w/a", `${i}`));
        })();
        const seen = record("/w/", "/w0", from);
        await writing;
        await seen.until(await store.currentRevision());
        expect(seen.events.map(({ kv }) => Number(text(kv)))).toEqual(Array.from({ length: 79 }, (_, i) => i + 1));
        expect(text(seen.events[0]!.prev)).toBe("0");
      });

      test("from a revision that is still to come", async () => {
        const now = await store.currentRevision();
        const seen = record("/w/", "/w0", now + 3);
        for (const value of ["1", "2", "3", "4"]) await write(put("/w/a", value));
        await seen.until(now + 4);
        expect(seen.events.map(({ kv }) => text(kv))).toEqual(["3", "4"]);
      });

      test("a write's event has arrived by the time progress is told", async () => {
        const seen = record("/w/", "/w0", 0);
        await seen.ready(store);
        const revision = await write(put("/w/a", "x"));
        await write(put("/elsewhere", "x"));
        await store.requestProgress();
        await seen.progressTo(revision + 1);
        expect(seen.events.length).toBe(1);
        expect(seen.order).toEqual(seen.order.slice().sort((a, b) => a - b));
      });

      test("every watch gets its own range, and a closed one nothing", async () => {
        const ranges: [string, string][] = [
          ["/a/", "/a0"],
          ["/b/", "/b0"],
          ["/a/x", "/b/x"],
          ["/", END_OF_KEYS],
          ["/a/k", "/a/k\0"],
        ];
        const seen = ranges.map(([from, to]) => record(from, to, 0));
        for (const one of seen) await one.ready(store);
        const last = await write(...["/a/k", "/a/y", "/b/a", "/b/z", "/c"].map((key) => put(key, key)));
        for (const one of seen.slice(0, 4)) await one.until(last);
        expect(
          seen.map((one) =>
            one.events
              .map(({ kv }) => kv.key)
              .sort()
              .join(" "),
          ),
        ).toEqual(["/a/k /a/y", "/b/a /b/z", "/a/y /b/a", "/a/k /a/y /b/a /b/z /c", "/a/k"]);
        watches[0]!.close();
        await seen[3]!.until(await write(put("/a/k", "2")));
        await store.requestProgress();
        await seen[3]!.progressTo(await store.currentRevision());
        expect(seen[0]!.events.length).toBe(2);
      });

      test("a whole transaction comes in one call", async () => {
        const seen = record("/w/", "/w0", 0);
        await seen.ready(store);
        const writes = Array.from({ length: 60 }, (_, i) => put(`/w/${i}`, "x".repeat(1000)));
        await seen.until(await write(...writes));
        expect(seen.calls.find((events) => events.length > 0)!.length).toBe(60);
      });
    });

    describe("compaction", () => {
      test("takes the past, and leaves the present", async () => {
        const one = await write(put("/a", "one"), put("/gone", "x"));
        const two = await write(put("/a", "two"), { op: "delete", key: "/gone" });
        const three = await write(put("/a", "three"));
        await store.compact(two);
        await expect(store.get("/a", { revision: one })).rejects.toThrow(CompactedError);
        await expect(store.range("/", "0", { revision: one })).rejects.toThrow(CompactedError);
        expect(text((await store.get("/a", { revision: two })).kv)).toBe("two");
        expect(await keysOf("/", "0", { revision: two })).toEqual(["/a"]);
        expect(text((await store.get("/a", { revision: three })).kv)).toBe("three");
        expect((await store.stats()).compactRevision).toBe(two);
        await expect(store.compact(one)).rejects.toThrow(CompactedError);
        await expect(store.compact(two)).rejects.toThrow(CompactedError);
        await expect(store.compact(three + 100)).rejects.toThrow(FutureRevisionError);
      });

      test("ends a watch from before it, and says from where one can start", async () => {
        const one = await write(put("/w/a", "1"));
        const two = await write(put("/w/a", "2"));
        const three = await write(put("/w/a", "3"));
        await store.compact(two);
        const late = record("/w/", "/w0", one);
        const error = await late.failed;
        expect(error).toBeInstanceOf(CompactedError);
        expect((error as CompactedError).compactRevision).toBe(two);
        const good = record("/w/", "/w0", three);
        await good.until(three);
        expect(good.events.length).toBe(1);
      });
    });

    describe("leases", () => {
      test("revoking takes the keys, at one revision, with events", async () => {
        const lease = await store.grantLease(100);
        await write({ op: "put", key: "/l/a", value: bytes("a"), lease }, { op: "put", key: "/l/b", value: bytes("b"), lease });
        await write({ op: "put", key: "/l/c", value: bytes("c"), lease });
        await write(put("/l/c", "of its own now"));
        const seen = record("/l/", "/l0", 0);
        await seen.ready(store);
        const before = await store.currentRevision();
        await store.keepAlive(lease);
        await store.revokeLease(lease);
        await seen.until(before + 1);
        expect(seen.events.map(({ type, kv, prev }) => `${type} ${kv.key} ${text(prev)}`).sort()).toEqual([
          "delete /l/a a",
          "delete /l/b b",
        ]);
        expect(await keysOf("/l/", "/l0")).toEqual(["/l/c"]);
      });

      test("a lease that nobody keeps alive ends", async () => {
        const lease = await store.grantLease(1);
        const from = await write({ op: "put", key: "/l/a", value: bytes("a"), lease });
        const seen = record("/l/", "/l0", from + 1);
        await seen.until(from + 1);
        expect((await store.get("/l/a")).kv).toBeUndefined();
        await expect(store.keepAlive(lease)).rejects.toThrow(LeaseNotFoundError);
      });

      test("unknown leases are refused", async () => {
        await expect(store.keepAlive(4711n)).rejects.toThrow(LeaseNotFoundError);
        await expect(store.revokeLease(4711n)).rejects.toThrow(LeaseNotFoundError);
        const unknown = store.commit([{ op: "put", key: "/l/a", value: bytes("a"), lease: 4711n }]);
        await expect(unknown).rejects.toThrow(LeaseNotFoundError);
      });
    });

    test("a closed store refuses, and closing twice is no fault", async () => {
      await store.close();
      await expect(store.get("/a")).rejects.toThrow("closed");
      await expect(store.commit([put("/a", "x")])).rejects.toThrow("closed");
    });
  });
}

/** A watch handler that remembers, and lets a test wait for a revision. */
class Recorder {
  readonly calls: WatchEventRecord[][] = [];
  /** Revisions as they were told, by events and by progress. */
  readonly order: number[] = [];
  readonly failed: Promise<Error>;
  #fail!: (error: Error) => void;
  #progress = 0;
  #error: Error | undefined;
  readonly #waiting: { revision: number; progress: boolean; resolve(): void; reject(error: Error): void }[] = [];

  constructor() {
    this.failed = new Promise((resolve) => (this.#fail = resolve));
  }

  get events(): WatchEventRecord[] {
    return this.calls.flat();
  }

  onEvents(events: WatchEventRecord[], revision: number): void {
    this.calls.push(events);
    this.order.push(revision);
    this.#settle();
  }

  onProgress(revision: number): void {
    this.#progress = revision;
    this.order.push(revision);
    this.#settle();
  }

  onError(error: Error): void {
    this.#error = error;
    this.#fail(error);
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }

  /** Until the engine has the watch in place. */
  async ready(store: Store): Promise<void> {
    const revision = await store.currentRevision();
    await store.requestProgress();
    await this.progressTo(revision);
  }

  until(revision: number): Promise<void> {
    return this.#wait(revision, false);
  }

  progressTo(revision: number): Promise<void> {
    return this.#wait(revision, true);
  }

  lines(): string[] {
    return this.events.map(({ type, kv, prev }) => {
      const before = prev ? `${text(prev)}@${prev.modRevision}` : "nothing";
      return `${kv.modRevision} ${type} ${kv.key} ${text(kv)} <- ${before}`;
    });
  }

  #wait(revision: number, progress: boolean): Promise<void> {
    if (this.#error) return Promise.reject(this.#error);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ revision, progress, resolve, reject });
      this.#settle();
    });
  }

  #settle(): void {
    const newest = this.events.at(-1)?.kv.modRevision ?? 0;
    for (const waiter of this.#waiting.splice(0)) {
      if ((waiter.progress ? this.#progress : newest) >= waiter.revision) waiter.resolve();
      else this.#waiting.push(waiter);
    }
  }
}
