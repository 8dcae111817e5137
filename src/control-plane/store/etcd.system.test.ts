/** The etcd engine against a real etcd: the contract, and what only a network and a second process bring. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../../testing/free-port.ts";
import { storeContract } from "./contract.ts";
import { CompactedError, openEtcdStore, StoreUnavailableError, type Store, type WatchEventRecord, type Write } from "./index.ts";

const root = mkdtempSync(join(tmpdir(), "knarr-etcd-"));
let etcd: ChildProcess;
let client: string;
let peer: string;

const freeUrl = async () => `http://127.0.0.1:${await freePort()}`;

function start(): void {
  const flags = { name: "one", "data-dir": join(root, "data"), "listen-client-urls": client, "advertise-client-urls": client };
  const cluster = { "listen-peer-urls": peer, "initial-advertise-peer-urls": peer, "initial-cluster": `one=${peer}` };
  const args = Object.entries({ ...flags, ...cluster, "unsafe-no-fsync": undefined }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}=${value}`],
  );
  etcd = spawn("/usr/bin/etcd", args, { stdio: "ignore" });
}

async function stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
  const ended = once(etcd, "exit");
  etcd.kill(signal);
  await ended;
}

/** A way to etcd that can be interrupted. */
async function cuttableProxy(target: string) {
  const sockets = new Set<Socket>();
  let open = true;
  const server = createServer((near) => {
    if (!open) return near.destroy();
    const far = connect(Number(new URL(target).port), "127.0.0.1");
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) sockets.add(socket.on("error", () => (near.destroy(), far.destroy())));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const cut = () => {
    open = false;
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, cut, mend: () => (open = true), close: () => (cut(), server.close()) };
}

let prefixes = 0;
const open = (prefix = `/test-${++prefixes}`) => openEtcdStore({ endpoints: ["http://127.0.0.1:1", client], prefix });
const put = (key: string, value: string): Write => ({ op: "put", key, value: Buffer.from(value) });

/** A call on a connection whose end is not yet known fails, as it may have been carried out; the next one waits for a connection. */
async function writeUntilDone(store: Store, write: Write) {
  for (;;) {
    try {
      return await store.commit([write]);
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
    }
  }
}

beforeAll(async () => {
  client = await freeUrl();
  peer = await freeUrl();
  start();
});
afterAll(async () => {
  await stop();
  rmSync(root, { recursive: true, force: true });
});

storeContract("etcd", () => open());

describe("etcd engine", () => {
  const watchAll = (store: Store, fromRevision: number) => {
    const events: WatchEventRecord[] = [];
    let progress = 0;
    const watch = store.watch("/", "0", fromRevision, {
      onEvents: (batch) => events.push(...batch),
      onProgress: (revision) => (progress = revision),
      onError: (error) => expect.unreachable(`${error}`),
    });
    return { watch, values: () => events.map(({ kv }) => Buffer.from(kv.value).toString()), progress: () => progress };
  };

  test("a watch from before the connection gets the past, then the present", async () => {
    const writer = await open("/past");
    const first = await writer.commit([put("/a", "1")]);
    for (const value of ["2", "3"]) await writer.commit([put("/a", value)]);
    const reader = await open("/past");
    const seen = watchAll(reader, first.revision);
    await writer.commit([put("/a", "4")]);
    await expect.poll(seen.values).toEqual(["1", "2", "3", "4"]);
    await writer.commit([put("/a", "5")]);
    await expect.poll(seen.values).toEqual(["1", "2", "3", "4", "5"]);
    await Promise.all([writer.close(), reader.close()]);
  });

  test("progress goes on while only others write", async () => {
    const [store, other] = await Promise.all([open(), open()]);
    const seen = watchAll(store, 0);
    const { revision } = await other.commit([put("/a", "not ours")]);
    await store.requestProgress();
    expect(seen.progress()).toBeGreaterThanOrEqual(revision);
    expect(seen.values()).toEqual([]);
    expect(await store.range("\0", "\0")).toMatchObject({ kvs: [], count: 0 });
    await Promise.all([store.close(), other.close()]);
  });

  test("kill -9 and restart of etcd: a pause, and watches miss nothing", async () => {
    const store = await open();
    const seen = watchAll(store, 0);
    await store.commit([put("/a", "before")]);
    await stop("SIGKILL");
    const during = writeUntilDone(store, put("/a", "during"));
    start();
    expect(await during).toMatchObject({ ok: true });
    await store.commit([put("/a", "after")]);
    await expect.poll(seen.values).toEqual(["before", "during", "after"]);
    expect((await store.get("/a")).kv).toMatchObject({ version: 3 });
    await store.close();
  });

  test("what was compacted while the connection was cut ends the watches, and new ones work", async () => {
    const proxy = await cuttableProxy(client);
    const store = await openEtcdStore({ endpoints: [proxy.url], prefix: "/cut" });
    const direct = await open("/cut");
    const failed = new Promise<Error>((resolve) => void store.watch("/", "0", 0, { onEvents() {}, onError: resolve }));
    await store.requestProgress();
    proxy.cut();
    for (const value of ["1", "2", "3"]) await direct.commit([put("/a", value)]);
    const compacted = await direct.currentRevision();
    await direct.compact(compacted);
    proxy.mend();
    expect(await failed).toEqual(new CompactedError(compacted));
    const seen = watchAll(store, compacted);
    await store.commit([put("/a", "4")]);
    await expect.poll(seen.values).toEqual(["3", "4"]);
    await Promise.all([store.close(), direct.close()]);
    proxy.close();
  });

  test("no etcd is a clear error", async () => {
    await expect(openEtcdStore({ endpoints: ["http://127.0.0.1:1"], timeoutMs: 500 })).rejects.toThrow(
      "etcd does not answer at http://127.0.0.1:1",
    );
  });
});
