import { describe, expect, it } from "vitest";
import { ConfigMap } from "../api/index.ts";
import { expired, internalError } from "../apimachinery/errors.ts";
import { handClock } from "../lib/hand-clock.ts";
import { createClient } from "./client.ts";
import { createInformerFactory } from "./informer-factory.ts";
import { exchangeError } from "./outage.ts";
import type { ApiRequest, Transport, WatchEvent } from "./types.ts";

const configMap = (name: string, revision: number, data: Record<string, string> = {}) =>
  ({ metadata: { name, namespace: "ns", resourceVersion: String(revision) }, data }) as unknown as ConfigMap;

/** A server of scripted lists and watches, in the order they are asked for. */
function scripted(lists: ConfigMap[][], watches: (() => AsyncIterable<WatchEvent>)[]): Transport & { asked: ApiRequest[] } {
  const asked: ApiRequest[] = [];
  return {
    asked,
    async request(request) {
      asked.push(request);
      const items = lists.shift() ?? [];
      return {
        code: 200,
        headers: {},
        body: { kind: "ConfigMapList", metadata: { resourceVersion: String(10 * asked.length) }, items },
      };
    },
    watch(request) {
      asked.push(request);
      return (watches.shift() ?? hang)();
    },
    close() {},
  };
}

// oxlint-disable-next-line require-yield
async function* hang(): AsyncIterable<WatchEvent> {
  await new Promise(() => {});
}

async function* send(...events: [WatchEvent["type"], ConfigMap][]): AsyncIterable<WatchEvent> {
  for (const [type, object] of events) yield { type, object };
  yield* hang();
}

async function* refuse(): AsyncIterable<WatchEvent> {
  yield* [];
  throw expired("too old resource version");
}

const platform = {
  clock: {
    now: () => 0,
    monotonic: () => 0,
    after: (_ms: number, fn: () => void) => (queueMicrotask(fn), { cancel() {} }),
    every: () => ({ cancel() {} }),
  },
  random: { next: () => 0, uuid: () => "", bytes: () => new Uint8Array() },
};

const turn = () => new Promise((resolve) => setImmediate(resolve));

function record(transport: Transport) {
  const factory = createInformerFactory(createClient(transport), { platform });
  const informer = factory.informer(ConfigMap);
  informer.addIndex("color", (c) => (c.data?.color ? [c.data.color] : []));
  const trace: string[] = [];
  informer.onEvent({
    added: (o) => trace.push(`+${o.metadata.name}`),
    updated: (o, old) => trace.push(`~${o.metadata.name} ${old.metadata.resourceVersion}>${o.metadata.resourceVersion}`),
    deleted: (o) => trace.push(`-${o.metadata.name}`),
  });
  return { factory, informer, trace };
}

describe("informer over a wire", () => {
  it("follows a list with a watch from its revision, keeping indexes in step", async () => {
    const transport = scripted(
      [[configMap("a", 1, { color: "red" })]],
      [
        () =>
          send(
            ["MODIFIED", configMap("a", 11, { color: "blue" })],
            ["ADDED", configMap("b", 12, { color: "blue" })],
            ["DELETED", configMap("a", 13)],
          ),
      ],
    );
    const { factory, informer, trace } = record(transport);
    await factory.start();
    await turn();
    expect(trace).toEqual(["+a", "~a 1>11", "+b", "-a"]);
    expect(transport.asked[1]?.query?.resourceVersion).toBe("10");
    expect(informer.cache.byIndex("color", "blue").map((o) => o.metadata.name)).toEqual(["b"]);
    expect(informer.cache.byIndex("color", "red")).toEqual([]);
    expect(informer.cache.get("ns/b")?.kind).toBe("ConfigMap");
    expect(Object.isFrozen(informer.cache.get("ns/b")?.data)).toBe(true);
    factory.close();
  });

  it("lists again when its revision is forgotten, and tells the differences", async () => {
    const transport = scripted(
      [
        [configMap("a", 1), configMap("b", 2)],
        [configMap("b", 2), configMap("c", 3)],
      ],
      [refuse],
    );
    const { factory, trace } = record(transport);
    await factory.start();
    await turn();
    await turn();
    expect(trace).toEqual(["+a", "+b", "-a", "+c"]);
    factory.close();
  });

  it.each([
    ["out of reach: every 5 s at most", exchangeError("https://s", new Error("refused")), 5000],
    ["in trouble: every 30 s at most", internalError("trouble"), 30_000],
  ])("asks a server that is %s", async (_, error, longest) => {
    const clock = handClock();
    const asked: number[] = [];
    const request = () => (asked.push(clock.now()), Promise.reject(error));
    const transport: Transport = { request, watch: hang, close() {} };
    const random = { ...platform.random, next: () => 1 };
    const factory = createInformerFactory(createClient(transport), { platform: { clock, random } });
    factory.informer(ConfigMap);
    void factory.start();
    await clock.pass(120_000);
    const waits = asked.slice(1).map((at, n) => at - asked[n]!);
    expect(waits.slice(0, 3)).toEqual([800, 1600, 3200]);
    expect(Math.max(...waits)).toBe(longest);
    factory.close();
  });
});
