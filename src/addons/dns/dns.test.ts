import { createSocket } from "node:dgram";
import { createConnection } from "node:net";
import { decode, encode, RECURSION_DESIRED, type Packet } from "dns-packet";
import { afterAll, beforeAll, expect, test } from "vitest";
import { EndpointSlice, Service } from "../../shared/api/index.ts";
import { silentLogger } from "../../shared/lib/logger.ts";
import { MemoryObjects } from "../../testing/memory-objects.ts";
import { runDns } from "./index.ts";
import { DnsServer } from "./server.ts";

const objects = new MemoryObjects();
const end = new AbortController();
const upstreamQueries: string[] = [];
let port = 0;
let ended: Promise<void>;

/** Stands for the host's resolver: knows example.com, is silent about silence.test, and has too much to say about large.test. */
const upstream = new DnsServer((message, over) => {
  const query = decode(message);
  const [{ name, type }] = query.questions as [{ name: string; type: string }];
  upstreamQueries.push(`${over} ${name} ${type}`);
  if (name === "silence.test") return undefined;
  const known = name.toLowerCase() === "example.com" && type === "A";
  const large = name === "large.test";
  const flags = large && over === "udp" ? 0x0200 : known || large ? 0 : 3;
  const answers = known || (large && over === "tcp") ? [{ name, type: "A", ttl: 60, data: "192.0.2.1" }] : [];
  const soa = { mname: "a.", rname: "b.", serial: 1, refresh: 1, retry: 1, expire: 1, minimum: 9 };
  const authorities = answers.length || large ? [] : [{ name: "com", type: "SOA", ttl: 900, data: soa }];
  return encode({ id: query.id, type: "response", flags, questions: query.questions, answers, authorities });
}, silentLogger);

beforeAll(async () => {
  const upstreamPort = await upstream.listen({ address: "127.0.0.1", port: 0 });
  put("web", {
    clusterIP: "10.96.0.20",
    clusterIPs: ["10.96.0.20", "fd00::20"],
    ports: [
      { name: "http", port: 80 },
      { name: "dns", port: 53, protocol: "UDP" },
    ],
  });
  put("db", { clusterIP: "None", ports: [{ name: "sql", port: 5432 }] });
  put("out", { type: "ExternalName", externalName: "example.com" });
  put("alias", { type: "ExternalName", externalName: "web.shop.svc.cluster.local" });
  put("empty", { clusterIP: "None", ports: [] });
  objects.put(EndpointSlice, {
    metadata: { name: "empty-1", namespace: "shop", labels: { "kubernetes.io/service-name": "empty" } },
    addressType: "IPv4",
    endpoints: null,
    ports: null,
  } as unknown as EndpointSlice);
  objects.put(EndpointSlice, {
    metadata: { name: "db-1", namespace: "shop", labels: { "kubernetes.io/service-name": "db" } },
    addressType: "IPv4",
    endpoints: [
      { addresses: ["10.244.0.5"], hostname: "db-0", conditions: { ready: true } },
      { addresses: ["10.244.0.6"], conditions: {} },
      { addresses: ["10.244.0.7"], hostname: "db-2", conditions: { ready: false } },
    ],
    ports: [{ name: "sql", port: 5432, protocol: "TCP" }],
  } as unknown as EndpointSlice);
  await new Promise<void>((resolve) => {
    const options = {
      informers: objects.informers,
      clusterDnsIp: "10.96.0.10",
      listen: [{ address: "127.0.0.1", port: 0 }],
      upstreams: [`127.0.0.1:${upstreamPort}`],
    };
    ended = runDns({ ...options, onListening: ([chosen]) => ((port = chosen!), resolve()) }, end.signal);
  });
  await objects.informers.start();
});

afterAll(async () => {
  end.abort();
  await ended;
  upstream.close();
  objects.informers.close();
});

function put(name: string, spec: object): void {
  objects.put(Service, { metadata: { name, namespace: "shop" }, spec } as unknown as Service);
}

function query(name: string, type: string, more: object = {}): Buffer {
  return encode({ type: "query", id: 77, flags: RECURSION_DESIRED, questions: [{ name, type }], ...more });
}

function udp(message: Buffer): Promise<Packet> {
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    socket.on("message", (answer) => (socket.close(), resolve(decode(answer))));
    socket.send(message, port, "127.0.0.1");
  });
}

function tcp(message: Buffer): Promise<Packet> {
  return new Promise((resolve) => {
    const socket = createConnection(port, "127.0.0.1");
    const length = Buffer.alloc(2);
    length.writeUInt16BE(message.length);
    socket.write(length);
    socket.write(message);
    socket.on("data", (data) => (socket.destroy(), resolve(decode(data.subarray(2)))));
  });
}

/** `NOERROR A 10.96.0.20`, with `+SOA` where the answer is a "no" that may be remembered. */
function show(packet: Packet): string {
  const data = (value: unknown) => {
    const srv = value as { target?: string; port: number; priority: number; weight: number };
    if (Array.isArray(value)) return String(value[0]);
    return srv.target ? `${srv.priority} ${srv.weight} ${srv.port} ${srv.target}` : String(value);
  };
  const answers = packet.answers.map((answer) => `${answer.type} ${data(answer.data)}`).sort();
  return [
    packet.rcode,
    ...answers,
    ...packet.authorities.map(({ type }) => `+${type}`),
    ...(packet.flag_tc ? ["truncated"] : []),
  ].join(" ");
}

const ask = async (name: string, type: string) => show(await udp(query(name, type)));

test.each([
  ["web.shop.svc.cluster.local", "A", "NOERROR A 10.96.0.20"],
  ["WEB.shop.svc.Cluster.Local", "AAAA", "NOERROR AAAA fd00::20"],
  ["web.shop.svc.cluster.local", "MX", "NOERROR +SOA"],
  ["_http._tcp.web.shop.svc.cluster.local", "SRV", "NOERROR SRV 0 100 80 web.shop.svc.cluster.local"],
  ["_dns._udp.web.shop.svc.cluster.local", "SRV", "NOERROR SRV 0 100 53 web.shop.svc.cluster.local"],
  ["_http._udp.web.shop.svc.cluster.local", "SRV", "NXDOMAIN +SOA"],
  ["_tcp.web.shop.svc.cluster.local", "SRV", "NOERROR +SOA"],
  ["db.shop.svc.cluster.local", "A", "NOERROR A 10.244.0.5 A 10.244.0.6"],
  ["db.shop.svc.cluster.local", "AAAA", "NOERROR +SOA"],
  ["db-0.db.shop.svc.cluster.local", "A", "NOERROR A 10.244.0.5"],
  ["10-244-0-6.db.shop.svc.cluster.local", "A", "NOERROR A 10.244.0.6"],
  ["db-2.db.shop.svc.cluster.local", "A", "NXDOMAIN +SOA"],
  [
    "_sql._tcp.db.shop.svc.cluster.local",
    "SRV",
    "NOERROR SRV 0 50 5432 10-244-0-6.db.shop.svc.cluster.local SRV 0 50 5432 db-0.db.shop.svc.cluster.local",
  ],
  ["empty.shop.svc.cluster.local", "A", "NOERROR +SOA"],
  ["out.shop.svc.cluster.local", "CNAME", "NOERROR CNAME example.com"],
  ["out.shop.svc.cluster.local", "A", "NOERROR A 192.0.2.1 CNAME example.com"],
  ["alias.shop.svc.cluster.local", "A", "NOERROR A 10.96.0.20 CNAME web.shop.svc.cluster.local"],
  ["none.shop.svc.cluster.local", "A", "NXDOMAIN +SOA"],
  ["shop.svc.cluster.local", "A", "NOERROR +SOA"],
  ["nowhere.svc.cluster.local", "A", "NXDOMAIN +SOA"],
  ["cluster.local", "NS", "NOERROR NS ns.dns.cluster.local"],
  ["cluster.local", "A", "NOERROR +SOA"],
  ["dns-version.cluster.local", "TXT", "NOERROR TXT 1.1.0"],
  ["10-244-3-4.shop.pod.cluster.local", "A", "NOERROR A 10.244.3.4"],
  ["not-an-address.shop.pod.cluster.local", "A", "NXDOMAIN +SOA"],
  ["20.0.96.10.in-addr.arpa", "PTR", "NOERROR PTR web.shop.svc.cluster.local"],
  ["5.0.244.10.in-addr.arpa", "PTR", "NOERROR PTR db-0.db.shop.svc.cluster.local"],
  ["0.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa", "PTR", "NOERROR PTR web.shop.svc.cluster.local"],
])("%s %s", async (name, type, answer) => {
  expect(await ask(name, type)).toBe(answer);
});

test("the rest is forwarded, remembered, and spelled as it was asked", async () => {
  upstreamQueries.length = 0;
  expect(await ask("example.com", "A")).toBe("NOERROR A 192.0.2.1");
  const again = await udp(query("eXample.COM", "A"));
  expect([again.id, again.questions[0]!.name, show(again)]).toEqual([77, "eXample.COM", "NOERROR A 192.0.2.1"]);
  expect(await ask("missing.com", "A")).toBe("NXDOMAIN +SOA");
  expect(await ask("missing.com", "A")).toBe("NXDOMAIN +SOA");
  expect(upstreamQueries.filter((text) => text.includes("missing"))).toEqual(["udp missing.com A"]);
});

test("what does not fit is cut over UDP and whole over TCP, upstream as well", async () => {
  const many = Array.from({ length: 60 }, (_, i) => ({ addresses: [`10.244.9.${i}`], conditions: {} }));
  put("many", { clusterIP: "None" });
  objects.put(EndpointSlice, {
    metadata: { name: "many-1", namespace: "shop", labels: { "kubernetes.io/service-name": "many" } },
    addressType: "IPv4",
    endpoints: many,
    ports: null,
  } as unknown as EndpointSlice);
  const name = "many.shop.svc.cluster.local";
  expect(await ask(name, "A")).toBe("NOERROR truncated");
  const edns = { additionals: [{ name: ".", type: "OPT", udpPayloadSize: 4096, flags: 0, options: [] }] };
  expect((await udp(query(name, "A", edns))).answers.length).toBe(60);
  expect((await tcp(query(name, "A"))).answers.length).toBe(60);
  expect(await ask("large.test", "A")).toBe("NOERROR truncated");
  expect(show(await tcp(query("large.test", "A")))).toBe("NOERROR A 192.0.2.1");
});

test("what cannot be answered is refused by its proper code", async () => {
  const message = query("web.shop.svc.cluster.local", "A");
  const changed = (at: number, value: number) => Buffer.from(message.map((byte, i) => (i === at ? value : byte)));
  expect((await udp(changed(2, 0x29))).rcode).toBe("NOTIMP");
  expect((await udp(changed(message.length - 1, 3))).rcode).toBe("REFUSED");
  expect((await udp(message.subarray(0, 20))).rcode).toBe("FORMERR");
});

test("a resolver that is silent means SERVFAIL", async () => {
  expect(await ask("silence.test", "A")).toBe("SERVFAIL");
});
