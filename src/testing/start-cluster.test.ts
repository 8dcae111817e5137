/** `startCluster`: what is misspelt is told, and what was started ends. */
import { expect, test } from "vitest";
import { ConfigMap } from "../shared/api/index.ts";
import { startCluster, type ComponentName } from "./index.ts";

test("a component that does not exist is refused by name", async () => {
  await expect(startCluster({ components: ["scheduller" as ComponentName] })).rejects.toThrow("unknown components: scheduller");
});

test("what the cluster's own client writes carries its name", async () => {
  const cluster = await startCluster({ components: ["apiserver"] });
  try {
    const made = await cluster.client.create(ConfigMap, { metadata: { name: "c", namespace: "default" }, data: { k: "v" } });
    expect(made.metadata.managedFields?.map(({ manager }) => manager)).toEqual(["knarr"]);
  } finally {
    await cluster.close();
  }
});
