/** Free ports of this machine. */
import { createServer } from "node:net";

/** Whether the port can be bound on every address. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen({ port, host: "0.0.0.0", exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

/** The first free port from `from` on that is not in `taken`. */
export async function firstFree(from: number, taken: ReadonlySet<number> = new Set()): Promise<number> {
  for (let port = from; port < from + 1000; port++) if (!taken.has(port) && (await isFree(port))) return port;
  throw new Error(`no free port from ${from} to ${from + 999}`);
}
