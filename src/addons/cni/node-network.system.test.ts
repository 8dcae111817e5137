/** Two machines in different networks with a router between: plain namespaces, no cluster bridge. */
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { Node } from "../../shared/api/index.ts";
import { run, type Run } from "../../shared/lib/command.ts";
import { syncPodRoutes, tearDownNodeNetwork } from "./index.ts";

const holders: number[] = [];
const machines: Run[] = [];

/** A namespace lives as long as the process in it. */
async function namespace(): Promise<Run> {
  const { stdout } = await run(["sh", "-c", "unshare --net sleep 120 >/dev/null 2>&1 & echo $!"]);
  const pid = stdout.trim();
  holders.push(Number(pid));
  const own = (await run(["readlink", "/proc/self/ns/net"])).stdout;
  await vi.waitFor(async () => expect((await run(["readlink", `/proc/${pid}/ns/net`])).stdout).not.toBe(own), 20_000);
  return (argv, options) => run(["nsenter", "-t", pid, "--net", "--", ...argv], options);
}

const node = (name: string, address: string, podCIDR: string) =>
  ({ metadata: { name }, spec: { podCIDR }, status: { addresses: [{ type: "InternalIP", address }] } }) as unknown as Node;
const nodes = [node("a", "10.1.0.2", "10.244.1.0/24"), node("b", "10.2.0.2", "10.244.2.0/24")];

beforeAll(async () => {
  const router = await namespace();
  await router(["sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"]);
  for (const i of [1, 2]) {
    const machine = await namespace();
    machines.push(machine);
    await machine(["ip", "link", "add", "eth0", "type", "veth", "peer", "name", `to${i}`, "netns", String(holders[0])]);
    const lines = [`addr add 10.${i}.0.2/24 dev eth0`, "link set eth0 up", "link set lo up", `route add default via 10.${i}.0.1`];
    await router(["ip", "-batch", "-"], { input: `addr add 10.${i}.0.1/24 dev to${i}\nlink set to${i} up\n` });
    // In place of a pod: an address of the node's pod range.
    await machine(["ip", "-batch", "-"], { input: `${[...lines, `addr add 10.244.${i}.7/32 dev lo`].join("\n")}\n` });
  }
});

afterAll(() => {
  for (const pid of holders) process.kill(pid);
});

test("pods of nodes that share no link reach each other through the tunnel, and nothing stays behind", async () => {
  await syncPodRoutes({ nodes, self: "a", run: machines[0]! });
  await syncPodRoutes({ nodes, self: "b", run: machines[1]! });
  await syncPodRoutes({ nodes, self: "b", run: machines[1]! });
  await machines[0]!(["busybox", "ping", "-c1", "-W2", "-I", "10.244.1.7", "10.244.2.7"]);
  await machines[1]!(["busybox", "ping", "-c1", "-W2", "10.244.1.7"]);

  await syncPodRoutes({ nodes: nodes.slice(0, 1), self: "a", run: machines[0]! });
  expect((await machines[0]!(["ip", "route", "show", "proto", "75"])).stdout).toBe("");
  await tearDownNodeNetwork({ run: machines[1]!, confDir: "/nowhere" });
  expect((await machines[1]!(["ip", "-o", "link"])).stdout).not.toContain("knarr");
});
