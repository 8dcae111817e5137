/**
 * What envtest, the test environment of controller-runtime, starts as `kube-apiserver` and `etcd`: an API server without controllers
 * and nodes, its state in memory. The `etcd` beside it keeps nothing; it says that it is healthy, which is all that envtest asks it.
 */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { runApiServer } from "../control-plane/apiserver/main.ts";
import { openClusterPki } from "../shared/component/pki/index.ts";
import { realPlatform } from "../shared/lib/platform.ts";
import { fail } from "../cluster/failure.ts";

/** Flags of kube-apiserver that are followed. */
const FOLLOWED = [
  "bind-address",
  "cert-dir",
  "client-ca-file",
  "disable-admission-plugins",
  "secure-port",
  "service-account-issuer",
  "service-cluster-ip-range",
] as const;
/** Those that ask for what is so anyway, or is of no concern here: tokens are signed with a key of this server's own. */
const GRANTED = new Set([
  "advertise-address",
  "allow-privileged",
  "authorization-mode",
  "etcd-servers",
  "service-account-key-file",
  "service-account-signing-key-file",
]);

type Flags = Partial<Record<(typeof FOLLOWED)[number], string>>;

/** `kube-apiserver`, called the way envtest calls it. Runs until the signal. */
export async function kubeApiServer(args: string[], signal: AbortSignal): Promise<void> {
  if (args.includes("--help")) return void process.stdout.write(FOLLOWED.map((flag) => `      --${flag} string\n`).join(""));
  const flags = readFlags(args);
  const certDir = flags["cert-dir"] ?? fail("--cert-dir is required");
  const clientCa = flags["client-ca-file"];
  const api = await runApiServer({
    pki: {
      ...openClusterPki(join(certDir, "knarr"), realPlatform),
      serving: { cert: text(certDir, "apiserver.crt"), key: text(certDir, "apiserver.key") },
    },
    host: flags["bind-address"] ?? "127.0.0.1",
    port: Number(flags["secure-port"] ?? 6443),
    ...(flags["service-cluster-ip-range"] && { serviceCidr: flags["service-cluster-ip-range"] }),
    ...(flags["service-account-issuer"] && { issuer: flags["service-account-issuer"] }),
    ...(clientCa && { clientCas: [readFileSync(clientCa, "utf8")] }),
    withoutAdmission: (flags["disable-admission-plugins"] ?? "").split(",").filter(Boolean),
  });
  await ended(signal);
  await api.close();
}

function readFlags(args: string[]): Flags {
  const options = Object.fromEntries(FOLLOWED.map((flag) => [flag, { type: "string" as const }]));
  const { values } = parseArgs({ args, options, strict: false });
  for (const flag of Object.keys(values))
    if (!GRANTED.has(flag) && !(FOLLOWED as readonly string[]).includes(flag))
      console.error(`knarr: --${flag} is not known here and has no effect`);
  return values as Flags;
}

/** `etcd`, called the way envtest calls it. Runs until the signal. */
export async function noEtcd(args: string[], signal: AbortSignal): Promise<void> {
  const { values } = parseArgs({ args, options: { "listen-client-urls": { type: "string" } }, strict: false });
  const { hostname, port } = new URL(String(values["listen-client-urls"] ?? fail("--listen-client-urls is required")));
  const server = createServer((_, response) => response.end(`{"health":"true"}`));
  server.listen(Number(port), hostname);
  await ended(signal);
  server.close();
}

const text = (folder: string, name: string) => readFileSync(join(folder, name), "utf8");

const ended = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
