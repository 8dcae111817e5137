import { expect, test } from "vitest";
import { realClock } from "../../../shared/lib/platform.ts";
import { openEmbeddedStore, type Store, type Watch, type WatchHandler } from "../../store/index.ts";
import { CacheHub } from "./hub.ts";

const shape = {
  schema: { type: "struct", name: "", structType: "granular", fields: new Map(), dynamic: true, preserveUnknown: true },
  head: { bytes: Buffer.from("-"), itemOffset: 0 },
  fields: () => ({}),
} as const;

const value = (name: string, n = 0) =>
  Buffer.from(JSON.stringify({ kind: "Thing", apiVersion: "example.com/v1", metadata: { name }, n }));

const key = (name: string) => `/registry/example.com/things/${name}`;

/** A store whose watch breaks when told to: what happens after that is not seen by it. */
function breakable(store: Store) {
  let current: { handler: WatchHandler; watch: Watch } | undefined;
  const parts: Partial<Store> = {
    currentRevision: () => store.currentRevision(),
    range: (from, to, options) => store.range(from, to, options),
    requestProgress: async () => {},
    watch(from, to, revision, handler) {
      current = { handler, watch: store.watch(from, to, revision, handler) };
      return current.watch;
    },
  };
  return {
    store: parts as Store,
    breakWatch() {
      current!.watch.close();
      current!.handler.onError(new Error("gone"));
    },
  };
}

test("after its watch of the store broke the cache tells what it missed, in order", async () => {
  const real = await openEmbeddedStore();
  const { store, breakWatch } = breakable(real);
  await real.commit([{ op: "put", key: key("kept"), value: value("kept") }]);
  await real.commit([{ op: "put", key: key("doomed"), value: value("doomed") }]);
  const failures: string[] = [];
  const hub = new CacheHub(store, { exclusive: false, clock: realClock, onFailure: (error) => failures.push(error.message) });
  await hub.start();
  const cache = hub.cache("example.com/things", shape);
  const seen: string[] = [];
  cache.listen(({ type, entry }) => seen.push(`${type} ${entry.name}`));
  breakWatch();
  await real.commit([{ op: "put", key: key("new"), value: value("new") }]);
  await real.commit([{ op: "put", key: key("kept"), value: value("kept", 1) }]);
  await real.commit([{ op: "delete", key: key("doomed") }]);
  await hub.reached(await real.currentRevision());
  expect(seen).toEqual(["ADDED new", "MODIFIED kept", "DELETED doomed"]);
  expect(failures).toEqual(["gone"]);
  hub.close();
  await real.close();
});
