import { createServer, type Http2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { realClock } from "../lib/platform.ts";
import { httpsTransport } from "./https-transport.ts";
import { isUnreachable, Outages } from "./outage.ts";

const listen = (server: Http2Server, port = 0) =>
  new Promise<number>((resolve) => server.listen(port, "127.0.0.1", () => resolve((server.address() as AddressInfo).port)));
const serve = () => createServer((_, response) => void response.writeHead(200, { "content-type": "application/json" }).end("{}"));
const close = (server: Http2Server) => new Promise((resolve) => server.close(resolve));

test("an outage is one line, its end another, however many requests meet it", async () => {
  const first = serve();
  const port = await listen(first);
  await close(first);
  const lines: string[] = [];
  const say = (level: string) => (fields: object, text: string) => void lines.push(`${level} ${text}`);
  const log = { debug: () => {}, info: say("info"), warn: say("warn"), error: say("error") };
  const outages = new Outages(log, realClock);
  const transport = httpsTransport({ server: `http://127.0.0.1:${port}`, outages });
  const quiet = outages.quiet(log);
  const ask = async () => {
    try {
      await transport.request({ method: "GET", path: "/api" });
    } catch (error) {
      expect(isUnreachable(error)).toBe(true);
      expect((error as Error).message).toBe(`http://127.0.0.1:${port} cannot be reached: connect ECONNREFUSED 127.0.0.1:${port}`);
      quiet.warn({ err: new Error("no list", { cause: error }) }, "list failed");
      quiet.error({ err: new Error("another") }, "something else");
    }
  };
  await Promise.all([ask(), ask()]);
  const watch = transport.watch({ method: "GET", path: "/api" })[Symbol.asyncIterator]();
  await expect(watch.next()).rejects.toThrow("cannot be reached");
  expect(lines).toEqual([
    "warn the API server is out of reach; going on with what is known",
    "error something else",
    "error something else",
  ]);
  const second = serve();
  await listen(second, port);
  await Promise.all([ask(), ask()]);
  expect(lines.slice(3)).toEqual(["info the API server is back"]);
  transport.close();
  await close(second);
});
