/** The components that run beside the API server in one process, each entering its chain with an identity of its own. */
import type { RunningApiServer } from "../control-plane/apiserver/main.ts";
import { runControllerManager, type ControllerManagerSettings } from "../control-plane/controller-manager/index.ts";
import { createScheduler } from "../control-plane/scheduler/index.ts";
import { SimulatedNodes, type NodeShape } from "../node/simulated/index.ts";
import { networkPolicyRole } from "../addons/cni/index.ts";
import { dnsServiceController } from "../addons/dns/index.ts";
import { createClient, createEventRecorder, createInformerFactory, runControllers } from "../shared/client/index.ts";
import { identities } from "../shared/component/pki/index.ts";
import type { Logger } from "../shared/lib/logger.ts";
import type { Platform } from "../shared/lib/platform.ts";

export interface Part {
  close(): Promise<void> | void;
}

export interface PartContext {
  api: RunningApiServer;
  platform: Platform;
  logger: Logger;
}

export async function startScheduler({ api, platform, logger }: PartContext): Promise<Part> {
  const client = createClient(api.server.transport(userOf("scheduler"), "kube-scheduler"));
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

/** Each controller acts as its own service account, for which the bootstrap roles are made. */
export function startControllerManager({ api, platform, logger }: PartContext, settings: ControllerManagerSettings): Part {
  const client = createClient(api.server.transport(userOf("controllerManager"), "kube-controller-manager"));
  const informers = createInformerFactory(client, { platform, log: logger });
  const clientFor = (serviceAccount: string) =>
    createClient(api.server.transport(serviceAccountUser("kube-system", serviceAccount), "kube-controller-manager"));
  const stop = new AbortController();
  const running = runControllerManager({ ...settings, client, clientFor, informers, platform, log: logger }, stop.signal);
  running.catch((error: unknown) => logger.error({ error }, "the controller manager has failed"));
  return {
    async close() {
      stop.abort();
      await running.catch(() => {}); // told above
      informers.close();
    },
  };
}

/** What the cluster offers beyond the API: the Service by which pods find DNS, and what its agents' network needs to read. */
export function startAddons({ api, platform, logger }: PartContext, { clusterDnsIp }: { clusterDnsIp: string }): Part {
  const client = createClient(
    api.server.transport({ name: "system:addons", groups: ["system:masters", "system:authenticated"] }, "knarr-addons"),
  );
  const informers = createInformerFactory(client, { platform, log: logger });
  const stop = new AbortController();
  const running = runControllers(
    [dnsServiceController({ clusterDnsIp })],
    { client, informers, platform, log: logger },
    stop.signal,
  );
  networkPolicyRole.ensure(client).catch((error: unknown) => logger.error({ error }, "agents may not read network policies"));
  running.catch((error: unknown) => logger.error({ error }, "the add-ons have failed"));
  return {
    async close() {
      stop.abort();
      await running.catch(() => {}); // told above
      informers.close();
    },
  };
}

export async function startSimulatedNodes(
  { api, platform, logger }: PartContext,
  names: readonly string[],
  shape?: NodeShape,
): Promise<Part> {
  const client = createClient(
    api.server.transport({ name: "system:simulated-nodes", groups: ["system:masters", "system:authenticated"] }, "kubelet"),
  );
  const informers = createInformerFactory(client, { platform, log: logger });
  const nodes = new SimulatedNodes({ client, informers, platform, logger, names, ...(shape && { shape }) });
  await nodes.start();
  return {
    close() {
      nodes.close();
      informers.close();
    },
  };
}

/** Who a component is to the chain: the subject of the certificate it would use over HTTPS. */
function userOf(identity: keyof typeof identities) {
  const { commonName, organizations } = identities[identity];
  return { name: commonName, groups: [...organizations, "system:authenticated"] };
}

function serviceAccountUser(namespace: string, name: string) {
  const groups = ["system:serviceaccounts", `system:serviceaccounts:${namespace}`, "system:authenticated"];
  return { name: `system:serviceaccount:${namespace}:${name}`, groups };
}
