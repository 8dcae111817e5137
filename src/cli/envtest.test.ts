/** As envtest does it: certificates and the authority of its users come from outside. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Pod } from "../shared/api/index.ts";
import { createClient, httpsTransport } from "../shared/client/index.ts";
import { createAuthority, issue } from "../shared/lib/x509/index.ts";
import { firstFree } from "./ports.ts";
import { kubeApiServer } from "./envtest.ts";
import { writeAssets } from "./envtest-assets.ts";

const dir = mkdtempSync(join(tmpdir(), "envtest-"));
afterAll(() => rmSync(dir, { recursive: true }));

const validity = { notBefore: Date.now() - 3_600_000, notAfter: Date.now() + 3_600_000 };
const { authority } = createAuthority("envtest-environment", validity, Buffer.from([1]));

test("users of a foreign authority are known, and a pod needs no service account", async () => {
  const subject = { commonName: "localhost", organizations: [] };
  const serving = issue(
    authority,
    { subject, usages: ["server"], names: { dns: ["localhost"], ips: ["127.0.0.1"] }, validity },
    Buffer.from([2]),
  );
  const admin = issue(
    authority,
    { subject: { commonName: "admin", organizations: ["system:masters"] }, usages: ["client"], validity },
    Buffer.from([3]),
  );
  writeFileSync(join(dir, "apiserver.crt"), serving.cert);
  writeFileSync(join(dir, "apiserver.key"), serving.key);
  writeFileSync(join(dir, "clients.crt"), authority.certPem);
  const port = await firstFree(23_400);
  const stop = new AbortController();
  const running = kubeApiServer(
    [
      `--cert-dir=${dir}`,
      `--client-ca-file=${join(dir, "clients.crt")}`,
      "--bind-address=127.0.0.1",
      `--secure-port=${port}`,
      "--disable-admission-plugins=ServiceAccount",
      "--etcd-servers=http://127.0.0.1:1",
    ],
    stop.signal,
  );
  const transport = httpsTransport({ server: `https://127.0.0.1:${port}`, ca: authority.certPem, ...admin });
  const client = createClient(transport);
  await expect
    .poll(() =>
      client.list(Pod).then(
        (list) => list.items,
        () => "not yet",
      ),
    )
    .toEqual([]);
  await client.create(Pod, { metadata: { name: "p", namespace: "default" }, spec: { containers: [{ name: "c", image: "i" }] } });
  transport.close();
  stop.abort();
  await running;
});

test("the folder's programs start Knarr, whatever its path", () => {
  writeAssets(join(dir, "assets"), ["node", "/it's/knarr.js"], "/usr/bin/kubectl");
  expect(readFileSync(join(dir, "assets/kube-apiserver"), "utf8")).toBe(
    `#!/bin/sh\nexec 'node' '/it'\\''s/knarr.js' 'kube-apiserver' "$@"\n`,
  );
});
