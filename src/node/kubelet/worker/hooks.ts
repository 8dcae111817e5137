/**
 * Lifecycle hooks: a command in the container, an HTTP request to it, or a pause.
 *
 * @source pkg/kubelet/lifecycle/handlers.go v1.36
 */
import type { Container, LifecycleHandler, Pod } from "../../../shared/api/generated/core-v1.ts";
import { sleep } from "../../../shared/lib/platform.ts";
import type { KubeletContext } from "../context.ts";
import { httpRequest, httpTarget } from "../probes/http.ts";

const HTTP_TIMEOUT_MS = 30_000;

export interface HookTarget {
  pod: Pod;
  container: Container;
  containerId: string;
  podIP: string;
  signal: AbortSignal;
}

/** Throws when the hook failed. */
export async function runHook(
  context: Pick<KubeletContext, "cri" | "platform">,
  hook: LifecycleHandler,
  target: HookTarget,
): Promise<void> {
  if (hook.exec) {
    const { stdout, stderr, exit_code } = await context.cri.execSync(target.containerId, hook.exec.command ?? [], 0);
    if (exit_code !== 0) throw new Error(`hook exited with ${exit_code}: ${Buffer.concat([stdout, stderr]).toString()}`);
  } else if (hook.httpGet) {
    const { status } = await httpRequest(httpTarget(hook.httpGet, target.container, target.podIP, "lifecycle"), HTTP_TIMEOUT_MS);
    if (status >= 400) throw new Error(`hook answered with status ${status}`);
  } else if (hook.sleep) {
    await sleep(context.platform.clock, hook.sleep.seconds * 1000, target.signal);
  } else {
    throw new Error(`invalid handler: ${JSON.stringify(hook)}`);
  }
}
