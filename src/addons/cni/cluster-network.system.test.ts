import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { run } from "../../shared/lib/command.ts";
import { bridgeName, nodeLinkName } from "./address-plan.ts";
import { createClusterNetwork, createNodeNamespace, destroyClusterNetwork } from "./index.ts";

const clusters: string[] = [];
const folders: string[] = [];

function newCluster(): string {
  const name = `t${process.pid}${clusters.length}x${String(performance.now()).replace(".", "").slice(-4)}`;
  clusters.push(name);
  return name;
}

function dataDir(): string {
  const folder = mkdtempSync(join(tmpdir(), "knarr-node-"));
  folders.push(folder);
  return folder;
}

afterEach(async () => {
  for (const cluster of clusters.splice(0)) await destroyClusterNetwork(cluster);
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** Everything on the machine that a cluster's network could leave behind. */
async function traces(cluster: string): Promise<string[]> {
  const [links, rules, routes] = await Promise.all(
    [
      ["ip", "-o", "link"],
      ["nft", "list", "tables"],
      ["ip", "route"],
    ].map((argv) => run(argv)),
  );
  const all = `${links!.stdout}${rules!.stdout}${routes!.stdout}${readFileSync("/proc/mounts", "utf8")}`;
  return all.split("\n").filter((line) => line.includes(cluster) || line.includes(bridgeName(cluster)));
}

/** False for what has ended, a zombie that nobody has reaped included. */
function hasMemory(pid: number): boolean {
  return existsSync(`/proc/${pid}/maps`) && readFileSync(`/proc/${pid}/maps`, "utf8") !== "";
}

async function up(cluster: string, nodes: number) {
  const network = await createClusterNetwork({ cluster });
  const made = [];
  for (let index = 0; index < nodes; index++) {
    made.push(await createNodeNamespace(network, { index, nodeName: `${cluster}-${index + 1}`, dataDir: dataDir() }));
  }
  return { network, nodes: made };
}

test("two nodes reach each other and the host, and live in files of their own", async () => {
  const cluster = newCluster();
  const { network, nodes } = await up(cluster, 2);
  const [first, second] = nodes as [(typeof nodes)[0], (typeof nodes)[0]];

  expect((await first.run(["hostname"])).stdout.trim()).toBe(`${cluster}-1`);
  expect((await first.run(["ls", "/sys/class/net"])).stdout.split("\n")).toEqual(expect.arrayContaining(["eth0", "lo"]));
  await first.run(["busybox", "ping", "-c1", "-W2", second.address]);
  await first.run(["busybox", "ping", "-c1", "-W2", network.gateway]);
  await run(["busybox", "ping", "-c1", "-W2", second.address]);

  await first.run(["sh", "-c", "echo mine > /var/lib/kubelet/x; echo mine > /run/x"]);
  expect((await second.run(["ls", "/var/lib/kubelet", "/run/x"], { allowFailure: true })).stdout).not.toContain("x\n");
  expect((await first.run(["findmnt", "-no", "PROPAGATION", "/var/lib/kubelet"])).stdout.trim()).toBe("shared");
  expect((await first.run(["sh", "-c", "ls /sys/fs/cgroup | wc -l"])).stdout.trim()).not.toBe("0");

  await destroyClusterNetwork(cluster);
  expect(await traces(cluster)).toEqual([]);
});

test("what exists is adopted, what is broken is made whole", async () => {
  const cluster = newCluster();
  const before = await up(cluster, 1);
  await before.nodes[0]!.run(["touch", "/run/kept"]);
  await run(["ip", "link", "delete", bridgeName(cluster)]);
  await run(["ip", "link", "delete", nodeLinkName(cluster, 0)]);

  const network = await createClusterNetwork({ cluster, wanted: before.network });
  const node = await createNodeNamespace(network, { index: 0, nodeName: "n", dataDir: dataDir() });
  expect(network.subnet).toBe(before.network.subnet);
  await node.run(["test", "-e", "/run/kept"]);
  await node.run(["busybox", "ping", "-c1", "-W2", network.gateway]);
});

test("the end of a cluster ends its processes and those of its containers, and nobody else's", async () => {
  const [cluster, neighbour] = [newCluster(), newCluster()];
  const mine = await up(cluster, 1);
  const other = await up(neighbour, 1);
  expect(other.network.subnet).not.toBe(mine.network.subnet);
  expect(other.network.serviceCidr).not.toBe(mine.network.serviceCidr);
  const start = (node: (typeof mine.nodes)[0]) =>
    node
      .run([
        "sh",
        "-c",
        "touch /run/netns/pod; unshare --net=/run/netns/pod true; nsenter --net=/run/netns/pod unshare --mount sleep 300 >/dev/null 2>&1 & echo $!; sleep 0.2",
      ])
      .then(({ stdout }) => Number(stdout));
  const [ended, kept] = [await start(mine.nodes[0]!), await start(other.nodes[0]!)];

  await destroyClusterNetwork(cluster);
  expect([ended, kept].map(hasMemory)).toEqual([false, true]);
  await other.nodes[0]!.run(["busybox", "ping", "-c1", "-W2", other.network.gateway]);
  expect(await traces(cluster)).toEqual([]);
});
