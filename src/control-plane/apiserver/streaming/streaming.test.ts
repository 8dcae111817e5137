import { constants, inflateSync } from "node:zlib";
import { createServer, request } from "node:http";
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { rewriteHtml, rewriteUrl } from "./rewrite.ts";
import { SpdyClient } from "./spdy-client.ts";
import { acceptWebSocket, websocketProtocols } from "./websocket.ts";

test("links of a proxied page lead through the proxy", () => {
  const place = { prefix: "/api/v1/namespaces/ns/pods/p:80/proxy", hosts: ["10.0.0.1:80"] };
  const at = (text: string) => rewriteUrl(text, place);
  expect(at("/x?y#z")).toBe(`${place.prefix}/x?y#z`);
  expect(at("http://10.0.0.1:80/x")).toBe(`${place.prefix}/x`);
  for (const other of ["x/y", "http://other/x", "mailto:a", `${place.prefix}/x`, "#a"]) expect(at(other)).toBe(other);
  expect(rewriteHtml(`<a class="/k" href="/x">t</a><img src='/i.png'><p href="/no">`, place)).toBe(
    `<a class="/k" href="${place.prefix}/x">t</a><img src='${place.prefix}/i.png'><p href="/no">`,
  );
});

/** A frame of the client, its payload included. */
function frames(bytes: Buffer): { type: string; id: number; fin: boolean; payload: Buffer }[] {
  const found = [];
  for (let at = 0; at < bytes.length;) {
    const length = bytes.readUInt32BE(at + 4) & 0xff_ffff;
    const control = (bytes[at]! & 0x80) !== 0;
    const payload = bytes.subarray(at + 8, at + 8 + length);
    const id = control ? payload.readUInt32BE(0) : bytes.readUInt32BE(at);
    found.push({ type: control ? String(bytes.readUInt16BE(at + 2)) : "data", id, fin: (bytes[at + 4]! & 1) === 1, payload });
    at += 8 + length;
  }
  return found;
}

test("SPDY: streams are opened, written and ended one by one, and their headers inflate", () => {
  const socket = new PassThrough();
  const sent: Buffer[] = [];
  socket.write = ((chunk: Buffer) => (sent.push(Buffer.from(chunk)), true)) as never;
  const client = new SpdyClient(socket, Buffer.alloc(0));
  const stdin = client.open({ streamType: "stdin" });
  client.open({ streamtype: "error" });
  stdin.write(Buffer.from("hello"));
  stdin.end();
  const all = frames(Buffer.concat(sent));
  expect(all.map(({ type, id, fin }) => `${type} ${id}${fin ? " fin" : ""}`)).toEqual(["1 1", "1 3", "data 1", "data 1 fin"]);
  // Both header blocks are one zlib stream; closing it lets inflate check the whole.
  const blocks = Buffer.concat(all.slice(0, 2).map(({ payload }) => payload.subarray(10)));
  const text = inflateSync(blocks, { finishFlush: constants.Z_SYNC_FLUSH }).toString("latin1");
  expect(text).toContain("streamtype\0\0\0\x05stdin");
  expect(text).toContain("streamtype\0\0\0\x05error");
});

test("SPDY: data and ends reach their streams however the bytes are cut", () => {
  const socket = new PassThrough();
  const client = new SpdyClient(socket, Buffer.alloc(0));
  const log: string[] = [];
  const stdout = client.open({ streamtype: "stdout" });
  stdout.onData = (data) => log.push(data.toString());
  stdout.onEnd = () => log.push("end");
  const frame = (flags: number, text: string) => {
    const head = Buffer.alloc(8);
    head.writeUInt32BE(stdout.id, 0);
    head.writeUInt32BE(((flags << 24) | text.length) >>> 0, 4);
    return Buffer.concat([head, Buffer.from(text)]);
  };
  for (const byte of Buffer.concat([frame(0, "one"), frame(1, "two")])) socket.emit("data", Buffer.from([byte]));
  expect(log).toEqual(["one", "two", "end"]);
});

test("WebSocket: a protocol whose name is no token is agreed on", async () => {
  const tunnel = "SPDY/3.1+portforward.k8s.io";
  const server = createServer().on("upgrade", (incoming, socket, head) => {
    const connection = { request: incoming, socket, head };
    void acceptWebSocket(connection, websocketProtocols(connection)[0]!);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const headers = {
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": Buffer.alloc(16).toString("base64"),
    "sec-websocket-protocol": tunnel,
  };
  const agreed = await new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port, headers, agent: false })
      .on("upgrade", (response, socket) => {
        socket.destroy();
        resolve(response.headers["sec-websocket-protocol"]);
      })
      .on("response", (response) => reject(new Error(`${response.statusCode}`)))
      .on("error", reject)
      .end();
  });
  server.close();
  expect(agreed).toBe(tunnel);
});
