/** What a directory of files survives, and what it refuses. */
import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { openEmbeddedStore, type EmbeddedStoreOptions } from "./index.ts";
import { CompactedError, END_OF_KEYS, StoreOpenError, StoreUnavailableError, type Store, type Write } from "../types.ts";

const root = mkdtempSync(join(tmpdir(), "knarr-recovery-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let directories = 0;
let path: string;
beforeEach(() => {
  path = join(root, `d${++directories}`);
});

const value = (text: string, size = 10) => Buffer.alloc(size, text);
const put = (key: string, text: string, lease?: bigint): Write => ({ op: "put", key, value: value(text), lease });

async function withStore<T>(use: (store: Store) => Promise<T>, options: EmbeddedStoreOptions = {}): Promise<T> {
  const store = await openEmbeddedStore({ path, ...options });
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

const dump = async (store: Store) => {
  const { kvs, revision } = await store.range("\0", END_OF_KEYS);
  return { revision, kvs: kvs.map((kv) => ({ ...kv, value: Buffer.from(kv.value).toString() })) };
};

/** Three writes, each a flush of its own. */
const writeThree = () =>
  withStore(async (store) => {
    for (const key of ["/a", "/b", "/c"]) await store.commit([put(key, key)]);
  });
const wal = (number = 1) => join(path, `wal-${String(number).padStart(10, "0")}`);
const keys = () => withStore(async (store) => (await dump(store)).kvs.map((kv) => kv.key));

describe("reopening", () => {
  test("state, history, compaction and leases are as they were", async () => {
    const before = await withStore(async (store) => {
      const lease = await store.grantLease(100);
      const gone = await store.grantLease(100);
      await store.commit([put("/a", "1"), put("/leased", "x", lease), put("/revoked", "x", gone)]);
      await store.commit([put("/a", "2"), put("/\u{1f600}", "smile")]);
      await store.commit([{ op: "delete", key: "/a" }, put("/b", "3")]);
      await store.revokeLease(gone);
      await store.compact(3);
      return { lease, dump: await dump(store), old: await store.get("/a", { revision: 3 }) };
    });
    await withStore(async (store) => {
      expect(await dump(store)).toEqual(before.dump);
      expect(Buffer.from((await store.get("/a", { revision: 3 })).kv!.value)).toEqual(before.old.kv!.value);
      await expect(store.get("/a", { revision: 2 })).rejects.toThrow(CompactedError);
      await store.revokeLease(before.lease);
      expect((await store.get("/leased")).kv).toBeUndefined();
    });
    await withStore(async (store) => expect((await store.get("/leased")).kv).toBeUndefined());
  });

  test("checkpoints keep the files bounded and lose nothing", async () => {
    const limits = { historyMs: 20, historyBytes: 1 << 20 };
    const big = (i: number): Write => ({ op: "put", key: `/k${i % 7}`, value: value(`${i}`, 512 << 10) });
    const before = await withStore(async (store) => {
      await store.commit([put("/old", "never touched again")]);
      for (let i = 0; i < 400; i++) await store.commit([big(i)]);
      const { bytes } = await store.stats();
      expect(bytes).toBeLessThan(100 << 20);
      return dump(store);
    }, limits);
    expect(readdirSync(path).filter((name) => name.startsWith("checkpoint-")).length).toBe(1);
    expect(readdirSync(path)).not.toContain("wal-0000000001");
    expect(await withStore(dump, limits)).toEqual(before);
  }, 30_000);

  test("leaves nothing but its files, and no lock", async () => {
    await writeThree();
    expect(readdirSync(path)).toEqual(["wal-0000000001"]);
  });
});

describe("a torn end", () => {
  test("is cut off at every length, and what was before it stays", async () => {
    await writeThree();
    const whole = readFileSync(wal());
    const sizes = [whole.length - 1, whole.length - 20, whole.length - 52, 33, 32];
    for (const size of sizes) {
      writeFileSync(wal(), whole.subarray(0, size));
      const found = await keys();
      expect(found).toEqual(["/a", "/b", "/c"].slice(0, found.length));
      expect(await keys()).toEqual(found);
    }
    for (const size of [31, 1, 0]) {
      writeFileSync(wal(), whole.subarray(0, size));
      expect(await keys()).toEqual([]);
    }
  });

  test("may be garbage or zeros", async () => {
    await writeThree();
    for (const tail of [Buffer.alloc(5000), Buffer.from("garbage"), readFileSync(wal()).subarray(32, 60)]) {
      appendFileSync(wal(), tail);
      expect(await keys()).toEqual(["/a", "/b", "/c"]);
    }
    await withStore((store) => store.commit([put("/d", "after the repair")]));
    expect(await keys()).toEqual(["/a", "/b", "/c", "/d"]);
  });

  test("a copy of the log inside a value is not taken for the log", async () => {
    await writeThree();
    await withStore((store) => store.commit([{ op: "put", key: "/copy", value: readFileSync(wal()) }]));
    truncateSync(wal(), statSync(wal()).size - 1);
    expect(await keys()).toEqual(["/a", "/b", "/c"]);
  });
});

describe("damage is an error that names the file", () => {
  const refuses = async (file: string, message: string | RegExp) => {
    const error: StoreOpenError = await openEmbeddedStore({ path }).catch((e) => e);
    expect(error).toBeInstanceOf(StoreOpenError);
    expect(error).toMatchObject({ file, message: expect.stringMatching(message) });
  };

  test("in the middle of the log", async () => {
    await writeThree();
    const bytes = readFileSync(wal());
    bytes[70]! ^= 1;
    writeFileSync(wal(), bytes);
    await refuses(wal(), "damaged at byte 32 of");
  });

  test("in a header, with frames behind it", async () => {
    await writeThree();
    const bytes = readFileSync(wal());
    bytes[3]! ^= 1;
    writeFileSync(wal(), bytes);
    await refuses(wal(), "not the header of a log segment");
  });

  test("a missing segment", async () => {
    await withStore(async (store) => {
      for (let i = 0; i < 90; i++) await store.commit([{ op: "put", key: `/k${i}`, value: value("x", 512 << 10) }]);
    });
    expect(readdirSync(path).length).toBe(3);
    rmSync(wal(2));
    await refuses(wal(2), "missing");
    rmSync(wal(1));
    await refuses(wal(3), "a file is missing");
  });

  test("a checkpoint that was cut", async () => {
    await withStore(
      async (store) => {
        for (let i = 0; i < 150; i++) await store.commit([{ op: "put", key: "/k", value: value("x", 512 << 10) }]);
        await store.compact(await store.currentRevision());
      },
      { historyMs: 1e9 },
    );
    await withStore(async (store) => {
      await store.commit([put("/more", "x")]);
      await store.compact(await store.currentRevision());
      while (!readdirSync(path).some((name) => /^checkpoint-\d+$/.test(name)))
        await new Promise((resolve) => setTimeout(resolve, 5));
    });
    const checkpoint = join(
      path,
      readdirSync(path).find((name) => name.startsWith("checkpoint-"))!,
    );
    truncateSync(checkpoint, statSync(checkpoint).size - 3);
    await refuses(checkpoint, "damaged");
    rmSync(checkpoint);
    await refuses(
      join(
        path,
        readdirSync(path).find((name) => name.startsWith("wal-"))!,
      ),
      "a file is missing",
    );
  });

  test("nothing where there was something", async () => {
    await writeThree();
    await withStore(async () => {}, { dataExpected: true });
    truncateSync(wal(), 5);
    const lost = "holds nothing although it has been in use";
    await expect(openEmbeddedStore({ path, dataExpected: true })).rejects.toThrow(lost);
    rmSync(path, { recursive: true });
    await expect(openEmbeddedStore({ path, dataExpected: true })).rejects.toThrow(`${path}: ${lost}`);
  });

  test("a file where the directory should be", async () => {
    writeFileSync(path, "");
    await refuses(path, "cannot be used as data directory");
  });
});

describe("one process at a time", () => {
  test("the second in this process is refused", async () => {
    await withStore(async () => {
      await expect(openEmbeddedStore({ path })).rejects.toThrow("already open in this process");
    });
    await writeThree();
  });

  test("a living process is named, a dead one's lock is taken over", async () => {
    mkdirSync(path);
    const start = (pid: number) => readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]!.split(" ")[19];
    writeFileSync(join(path, `lock.${process.ppid}.${start(process.ppid)}`), "");
    await expect(openEmbeddedStore({ path, lockWaitMs: 100 })).rejects.toThrow(`in use by process ${process.ppid}`);
    rmSync(path, { recursive: true });
    mkdirSync(path);
    writeFileSync(join(path, `lock.${process.ppid}.1`), "");
    writeFileSync(join(path, `lock.${spawnSync("true").pid}.123`), "");
    await writeThree();
    expect(readdirSync(path)).toEqual(["wal-0000000001"]);
  });
});

describe("a failed flush", () => {
  test("fails its writes and stops the store", async () => {
    const failures: Error[] = [];
    const store = await openEmbeddedStore({ path, onFailure: (error) => failures.push(error) });
    await store.commit([put("/a", "fine")]);
    const ended = new Promise<Error>((resolve) => void store.watch("/", END_OF_KEYS, 0, { onEvents() {}, onError: resolve }));
    // The next segment cannot be made: a directory is in its place.
    mkdirSync(wal(2));
    const large = { op: "put", key: "/large", value: Buffer.alloc(17 << 20) } as const;
    await store.commit([large]);
    const writes = [store.commit([put("/b", "x")]), store.commit([put("/c", "x")])];
    for (const write of writes) await expect(write).rejects.toThrow(StoreUnavailableError);
    await expect(store.commit([put("/d", "x")])).rejects.toThrow("could not be made durable");
    await expect(store.get("/a")).rejects.toThrow(StoreUnavailableError);
    expect(await ended).toBeInstanceOf(StoreUnavailableError);
    expect(failures.length).toBe(1);
    await store.close();
    rmSync(wal(2), { recursive: true });
    expect(await keys()).toEqual(["/a", "/large"]);
  });
});
