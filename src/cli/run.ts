/** The processes that `up` supervises, and their end on SIGTERM or SIGINT. */
import { setMaxListeners } from "node:events";
import { realClock } from "../shared/lib/platform.ts";

export async function server({ clusterDir }: { clusterDir: string }): Promise<void> {
  const { runServer } = await import("../cluster/server.ts");
  await untilSignalled((signal) => runServer(clusterDir, signal));
}

export async function apiserver({ clusterDir }: { clusterDir: string }): Promise<void> {
  const { runServer } = await import("../cluster/server.ts");
  await untilSignalled((signal) => runServer(clusterDir, signal, { alone: true }));
}

export async function agent({ clusterDir, index }: { clusterDir: string; index: number }): Promise<void> {
  const { runAgent } = await import("../cluster/agent.ts");
  await untilSignalled((signal) => runAgent(clusterDir, index, signal));
}

/** What is asked to end has this long before the process leaves anyway. */
const GRACE_MS = 4000;

async function untilSignalled(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal); // every part of the process waits on it
  const stop = () => {
    controller.abort(new Error("asked to end"));
    realClock.after(GRACE_MS, () => process.exit(0), { background: true });
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  try {
    await work(controller.signal);
  } catch (error) {
    if (!controller.signal.aborted) throw error;
  }
  process.exit(0);
}
