/** The controller manager: runs the controllers of `controllers.ts` over one set of informers. */
import { runControllers, type ControllerDefinition } from "../../shared/client/index.ts";
import { controllers } from "./controllers.ts";
import type { ControllerManagerOptions } from "./types.ts";

export type { ControllerManagerSettings } from "./types.ts";
const controllerNames: readonly string[] = controllers.map((c) => c.name);

/**
 * Runs until the signal is aborted and all work has ended.
 *
 * Each controller acts as a service account of its own in kube-system where `clientFor` is given (the bootstrap roles are made for these); a
 * single `client` then needs only what informers read.
 *
 * @throws Error when `options.controllers` names one that does not exist.
 * @source cmd/kube-controller-manager/app v1.36
 */
export async function runControllerManager(options: ControllerManagerOptions, signal: AbortSignal): Promise<void> {
  const chosen = options.controllers ?? controllerNames;
  const unknown = chosen.filter((name) => !controllerNames.includes(name));
  if (unknown.length) throw new Error(`unknown controllers: ${unknown.join(", ")} (known: ${controllerNames.join(", ")})`);
  const accounts = new Map<ControllerDefinition, string>();
  for (const { name, serviceAccount, make } of controllers) {
    const definition = chosen.includes(name) && make(options);
    if (definition) accounts.set(definition, serviceAccount);
  }
  const { client, clientFor, informers, platform, log } = options;
  await runControllers(
    [...accounts.keys()],
    {
      client,
      ...(clientFor && { clientFor: (definition) => clientFor(accounts.get(definition)!) }),
      informers,
      platform,
      ...(log && { log }),
    },
    signal,
  );
}
