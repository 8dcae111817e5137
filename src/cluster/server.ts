/**
 * The `server` process: the whole control plane over one store. Each component enters the API server's chain with an identity of
 * its own, in this process; apart from the transport nothing differs from running it elsewhere.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runApiServer, type RunningApiServer } from "../control-plane/apiserver/main.ts";
import { createScheduler } from "../control-plane/scheduler/index.ts";
import { createClient, createEventRecorder, createInformerFactory } from "../shared/client/index.ts";
import { createLogger } from "../shared/component/log/index.ts";
import { identities, kubeconfig } from "../shared/component/pki/index.ts";
import { realPlatform, type Platform } from "../shared/lib/platform.ts";
import { loadClusterIn, writeAtomically, type Cluster } from "./settings.ts";

/** Runs until the signal. Resolves when everything is stopped and the store is closed. */
export async function runServer(clusterDir: string, signal: AbortSignal): Promise<void> {
  const cluster = loadClusterIn(clusterDir);
  const { gateway } = JSON.parse(readFileSync(join(clusterDir, "network.json"), "utf8")) as { gateway: string };
  const log = createLogger("server");
  const api = await runApiServer({
    dataDir: cluster.serverDir,
    host: cluster.nodeKind === "real" ? "0.0.0.0" : "127.0.0.1",
    port: cluster.port,
    advertiseAddress: gateway,
    serviceCidr: cluster.serviceCidr,
    clusterDomain: cluster.clusterDomain,
    ...(cluster.etcdEndpoints.length > 0 && { etcd: { endpoints: cluster.etcdEndpoints } }),
  });
  writeAdminKubeconfig(cluster, api);
  log.info({ url: api.url }, "API server ready");
  const parts = [await startScheduler(api, realPlatform)];
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  for (const part of parts) await part.close();
  await api.close();
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

/** A component that runs beside the API server. */
export interface Part {
  close(): Promise<void> | void;
}

/** What a component enters the chain with. */
function userOf(identity: keyof typeof identities) {
  const { commonName, organizations } = identities[identity];
  return { name: commonName, groups: [...organizations, "system:authenticated"] };
}

export async function startScheduler({ server }: RunningApiServer, platform: Platform): Promise<Part> {
  const logger = createLogger("scheduler");
  const client = createClient(server.transport(userOf("scheduler")));
  const informers = createInformerFactory(client, { platform, log: logger });
  const recorder = createEventRecorder({ client, component: "default-scheduler", platform, log: logger });
  const scheduler = createScheduler({ client, informers, recorder, platform, logger });
  await scheduler.start();
  return {
    close() {
      scheduler.close();
      recorder.close();
      informers.close();
    },
  };
}
