import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, connect, type TLSSocket } from "node:tls";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { realPlatform } from "../../lib/platform.ts";
import { openClusterPki } from "./index.ts";

let dir: string;
beforeEach(() => {
  dir = join(mkdtempSync(join(tmpdir(), "pki-")), "pki");
});
afterEach(() => rmSync(join(dir, ".."), { recursive: true }));

const open = () => openClusterPki(dir, realPlatform, { names: { dns: ["host-a"], ips: ["10.1.2.3"] } });

test("files are private, and reused on the next start", () => {
  const first = open();
  const admin = first.clientOf("admin");
  for (const file of readdirSync(dir)) expect(statSync(join(dir, file)).mode & 0o777).toBe(0o600);
  const second = open();
  expect(second.serving).toEqual(first.serving);
  expect(second.clientOf("admin")).toEqual(admin);
});

test("what was issued while the clock was years ahead is issued again", () => {
  const clock = { ...realPlatform.clock };
  open();
  const years = 2 * 365 * 86_400_000;
  const ahead = { ...realPlatform, clock: { ...clock, now: () => clock.now() + years } };
  const later = openClusterPki(dir, ahead).clientOf("admin");
  const now = open().clientOf("admin");
  expect(Date.parse(new X509Certificate(later.cert).validFrom)).toBeGreaterThan(clock.now());
  expect(Date.parse(new X509Certificate(now.cert).validFrom)).toBeLessThan(clock.now());
});

test("an authority of the future is an error that tells of the clock", () => {
  const behind = { ...realPlatform.clock, now: () => realPlatform.clock.now() - 10 * 86_400_000 };
  open();
  let fault: unknown;
  try {
    openClusterPki(dir, { ...realPlatform, clock: behind });
  } catch (error) {
    fault = (error as Error).cause;
  }
  expect(String(fault)).toContain("later than this machine's clock");
});

test("a broken leaf and a missing name are mended, a broken authority is an error", () => {
  const first = open();
  writeFileSync(join(dir, "apiserver.crt"), first.serving.cert.slice(0, 100));
  expect(open().serving.cert).not.toBe(first.serving.cert);
  const more = openClusterPki(dir, realPlatform, { names: { ips: ["10.9.9.9"] } });
  expect(new X509Certificate(more.serving.cert).checkIP("10.9.9.9")).toBe("10.9.9.9");
  writeFileSync(join(dir, "ca.crt"), "");
  expect(open).toThrow(/certificate authority .* cannot be used/);
});

test("TLS accepts a component's certificate and shows its user and groups", async () => {
  const pki = open();
  const server = createServer({ ...pki.serving, ca: pki.cluster.certPem, requestCert: true, rejectUnauthorized: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const seen = once(server, "secureConnection") as Promise<[TLSSocket]>;
  const socket = connect({
    port,
    host: "127.0.0.1",
    servername: "localhost",
    ca: pki.cluster.certPem,
    ...pki.kubeletClient("n1"),
  });
  await once(socket, "secureConnect");
  const subject = (await seen)[0].getPeerCertificate().subject;
  expect([subject.CN, subject.O]).toEqual(["system:node:n1", "system:nodes"]);
  socket.destroy();
  server.close();
});

test("the service account key is stored before it is used, and read back", async () => {
  const key = await open().serviceAccountKeys.get();
  expect(readFileSync(join(dir, "sa.key"), "utf8")).toContain("PRIVATE KEY");
  expect((await open().serviceAccountKeys.get()).id).toBe(key.id);
});
