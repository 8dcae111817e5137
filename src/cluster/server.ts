/**
 * The `server` process: the whole control plane over one store. Each component enters the API server's chain with an identity of
 * its own, in this process; apart from the transport nothing differs from running it elsewhere.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { runApiServer, type RunningApiServer } from "../control-plane/apiserver/main.ts";
import { createLogger } from "../shared/component/log/index.ts";
import { kubeconfig } from "../shared/component/pki/index.ts";
import { realPlatform } from "../shared/lib/platform.ts";
import { startAddons, startControllerManager, startScheduler, startSimulatedNodes, type Part } from "./parts.ts";
import { writeAtomically } from "../shared/lib/files.ts";
import { loadClusterIn, type Cluster } from "./settings.ts";
import { tellingFailure } from "./start-failure.ts";

/** Runs until the signal; `alone` leaves out everything but the API server. Resolves when everything is stopped and the store is closed. */
export async function runServer(clusterDir: string, signal: AbortSignal, { alone = false } = {}): Promise<void> {
  const cluster = loadClusterIn(clusterDir);
  const { gateway } = JSON.parse(readFileSync(join(clusterDir, "network.json"), "utf8")) as { gateway: string };
  const log = createLogger("server");
  const stop = new AbortController();
  const api = await tellingFailure(cluster.serverDir, () =>
    runApiServer({
      dataDir: cluster.serverDir,
      // The kubeconfig is written once the first server is ready: by then the store holds something.
      dataExpected: existsSync(cluster.kubeconfigPath),
      onStoreFailure: (error) => stop.abort(error),
      host: cluster.nodeKind === "real" ? "0.0.0.0" : "127.0.0.1",
      port: cluster.port,
      advertiseAddress: gateway,
      serviceCidr: cluster.serviceCidr,
      clusterDomain: cluster.clusterDomain,
      ...(cluster.etcdEndpoints.length > 0 && { etcd: { endpoints: cluster.etcdEndpoints } }),
    }),
  );
  writeAdminKubeconfig(cluster, api);
  log.info({ url: api.url }, "API server ready");
  const parts = alone ? [] : await startParts(cluster, api);
  await Promise.race([aborted(signal), aborted(stop.signal)]);
  stop.signal.throwIfAborted(); // the process ends, and is started anew: a disk that was full may have room by then
  for (const part of parts.toReversed()) await part.close();
  await api.close();
}

/** At once where it came while the parts were starting. */
function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** What runs beside the API server. Between two of them it answers who has asked meanwhile; the one that keeps it longest is the last. */
async function startParts(cluster: Cluster, api: RunningApiServer): Promise<Part[]> {
  const context = (component: string) => ({ api, platform: realPlatform, logger: createLogger(component) });
  await nextTurn();
  const parts: Part[] = [await startScheduler(context("scheduler"))];
  await nextTurn();
  parts.push(startAddons(context("addons"), cluster));
  await nextTurn();
  if (cluster.nodeKind === "simulated") {
    const names = Array.from({ length: cluster.nodes }, (_, index) => cluster.nodeName(index));
    parts.push(await startSimulatedNodes(context("simulated-nodes"), names));
    await nextTurn();
  }
  parts.push(startControllerManager(context("controller-manager"), controllerSettings(cluster, api)));
  return parts;
}

function writeAdminKubeconfig(cluster: Cluster, { pki }: RunningApiServer): void {
  const text = kubeconfig({
    name: `knarr-${cluster.name}`,
    server: `https://127.0.0.1:${cluster.port}`,
    ca: pki.cluster.certPem,
    credential: pki.clientOf("admin"),
  });
  writeAtomically(cluster.kubeconfigPath, text);
}

function controllerSettings(cluster: Pick<Cluster, "podCidr">, { pki }: RunningApiServer) {
  return { clusterCidr: cluster.podCidr, rootCa: pki.cluster.certPem, signer: pki.cluster };
}
