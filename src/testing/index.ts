/**
 * `knarr/testing`: a whole cluster inside a test. API server, controllers, scheduler and simulated nodes in this process, on a
 * free port, without root; after `close()` no timer, socket or file of it is left.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startControllerManager, startScheduler, startSimulatedNodes, type Part } from "../cluster/parts.ts";
import { runApiServer } from "../control-plane/apiserver/main.ts";
import type { NodeShape } from "../node/simulated/index.ts";
import { createClient, type Client } from "../shared/client/index.ts";
import { kubeconfig, openClusterPki } from "../shared/component/pki/index.ts";
import { silentLogger, type Logger } from "../shared/lib/logger.ts";
import { realPlatform, type Platform } from "../shared/lib/platform.ts";

/** Every kind, for `cluster.client`: `client.list(Pod)`. */
export * from "../shared/api/kinds.ts";
export { isAlreadyExists, isApiError, isConflict, isInvalid, isNotFound } from "../shared/apimachinery/errors.ts";

export type ComponentName = "apiserver" | "controllers" | "scheduler" | "nodes";

export interface ClusterOptions {
  /** Which parts to start; default all. The API server is always there. */
  components?: readonly ComponentName[];
  /** Simulated nodes: how many, or their names. Default 1. */
  nodes?: number | readonly string[];
  nodeShape?: NodeShape;
  /** HTTPS port; default a free one. */
  port?: number;
  platform?: Platform;
  logger?: Logger;
}

export interface TestCluster {
  /** Text of a kubeconfig with cluster-admin rights. */
  readonly kubeconfig: string;
  readonly url: string;
  /** In-process client with cluster-admin rights. */
  readonly client: Client;
  close(): Promise<void>;
}

const ALL: readonly ComponentName[] = ["apiserver", "controllers", "scheduler", "nodes"];

/**
 * Resolves when every part has started and the nodes are Ready.
 *
 * @throws Error when `options.components` names one that does not exist.
 */
export async function startCluster(options: ClusterOptions = {}): Promise<TestCluster> {
  const { components = ALL, platform = realPlatform, logger = silentLogger } = options;
  const unknown = components.filter((name) => !ALL.includes(name));
  if (unknown.length) throw new Error(`unknown components: ${unknown.join(", ")} (known: ${ALL.join(", ")})`);
  const scratch = mkdtempSync(join(tmpdir(), "knarr-test-"));
  const parts: Part[] = [];
  try {
    const pki = openClusterPki(scratch, platform);
    const api = await runApiServer({ pki, port: options.port ?? 0, platform });
    parts.push({ close: () => api.close() });
    const context = { api, platform, logger };
    if (components.includes("controllers"))
      parts.push(
        startControllerManager(context, { clusterCidr: "10.244.0.0/16", rootCa: pki.cluster.certPem, signer: pki.cluster }),
      );
    if (components.includes("scheduler")) parts.push(await startScheduler(context));
    if (components.includes("nodes"))
      parts.push(await startSimulatedNodes(context, nodeNames(options.nodes ?? 1), options.nodeShape));
    const client = createClient(
      api.server.transport({ name: "kubernetes-admin", groups: ["system:masters", "system:authenticated"] }, "knarr"),
    );
    return {
      kubeconfig: kubeconfig({ name: "knarr-test", server: api.url, ca: pki.cluster.certPem, credential: pki.clientOf("admin") }),
      url: api.url,
      client,
      close: () => closeAll(parts, scratch),
    };
  } catch (error) {
    await closeAll(parts, scratch);
    throw error;
  }
}

async function closeAll(parts: Part[], scratch: string): Promise<void> {
  for (const part of parts.splice(0).toReversed()) await part.close();
  rmSync(scratch, { recursive: true, force: true });
}

function nodeNames(nodes: number | readonly string[]): readonly string[] {
  return typeof nodes === "number" ? Array.from({ length: nodes }, (_, index) => `node-${index + 1}`) : nodes;
}
