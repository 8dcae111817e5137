/**
 * Enforces NetworkPolicies on one node. Only policies are watched as long as there is none; pods and namespaces of the whole
 * cluster from the first one on.
 *
 * A new pod's traffic passes until its address is known here, some milliseconds after it got it; flows that a policy would not
 * have allowed end with their connection.
 */
import { Namespace, NetworkPolicy, Pod } from "../../../shared/api/index.ts";
import { createInformerFactory, type Client, type InformerFactory } from "../../../shared/client/index.ts";
import { run as runHere, type Run } from "../../../shared/lib/command.ts";
import { DemandLoop } from "../../../shared/lib/demand-loop.ts";
import { silentLogger, type Logger } from "../../../shared/lib/logger.ts";
import { realPlatform, type Platform } from "../../../shared/lib/platform.ts";
export { networkPolicyRole } from "./role.ts";
import { planPolicies } from "./plan.ts";
import { POLICY_TABLE, renderPolicies } from "./render.ts";

export interface NetworkPolicyOptions {
  /** Must be allowed to watch network policies, pods and namespaces (`networkPolicyRole`). */
  client: Client;
  nodeName: string;
  platform?: Platform;
  run?: Run;
  log?: Logger;
}

/** Runs until the signal; the rules stay then, for the agent that comes next. */
export async function runNetworkPolicies(options: NetworkPolicyOptions, signal: AbortSignal): Promise<void> {
  const { client, nodeName, platform = realPlatform, run = runHere, log = silentLogger } = options;
  const always = createInformerFactory(client, { platform, log });
  const policies = always.informer(NetworkPolicy);
  let onDemand: InformerFactory | undefined;
  let applied: string | undefined;

  const work = async () => {
    if (!policies.synced()) return;
    if (policies.cache.size() > 0 && !onDemand) {
      onDemand = createInformerFactory(client, { platform, log });
      onDemand.informer(Pod).onEvent(anything);
      onDemand.informer(Namespace).onEvent(anything);
      await onDemand.start(signal);
    }
    const script = onDemand ? scriptFor(onDemand) : removal;
    if (script === applied) return;
    await run(["nft", "-f", "-"], { input: script });
    applied = script;
  };
  const scriptFor = (caches: InformerFactory) =>
    renderPolicies(
      planPolicies({
        nodeName,
        policies: policies.cache.list(),
        pods: caches.informer(Pod).cache.list(),
        namespaces: caches.informer(Namespace).cache.list(),
      }),
    );
  const loop = new DemandLoop({ clock: platform.clock, log, name: "writing the network policies", gatherMs: 20, work });
  const request = () => loop.request();
  const anything = { added: request, updated: request, deleted: request };
  policies.onEvent(anything);
  void always.start(signal).then(request, () => {});
  try {
    await loop.run(signal);
  } finally {
    always.close();
    onDemand?.close();
  }
}

const removal = `add table ip ${POLICY_TABLE}\ndelete table ip ${POLICY_TABLE}\n`;
