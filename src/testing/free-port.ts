/** A port for a test that must know it beforehand. Where the program itself reports its port, ask for port 0 instead. */
import { once } from "node:events";
import { createServer } from "node:net";
import { realPlatform } from "../shared/lib/platform.ts";

/** Below the ports that the kernel gives to outgoing connections and to others who ask for any: nobody is given it meanwhile. */
export async function freePort(): Promise<number> {
  const port = 10_000 + Math.floor(realPlatform.random.next() * 20_000);
  const server = createServer().listen(port);
  const taken = await Promise.race([once(server, "listening").then(() => false), once(server, "error").then(() => true)]);
  if (taken) return freePort();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
