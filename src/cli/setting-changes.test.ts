import { expect, test } from "vitest";
import { defaults } from "../cluster/settings.ts";
import { settingFault } from "./setting-changes.ts";

const existing = { ...defaults, name: "a", port: 6443, nodes: 2 };
const running = (wanted: Parameters<typeof settingFault>[1]) => settingFault(existing, wanted, { runs: true });

test("what is as it was, and more nodes, are fine", () => {
  expect(running({})).toBeUndefined();
  expect(running({ ...existing, registryMirrors: {}, etcdEndpoints: [], nodes: 3 })).toBeUndefined();
});

test("what the cluster was made with stays", () => {
  expect(running({ serviceCidr: "10.200.0.0/16" })).toBe(
    "serviceCidr: 10.200.0.0/16: cluster a was made with 10.96.0.0/16 and keeps it; choose another --name",
  );
  expect(settingFault(existing, { etcdEndpoints: ["http://e"] }, { runs: false })).toContain(
    'etcdEndpoints: ["http://e"]: cluster a was made with []',
  );
  expect(running({ nodes: 1 })).toBe("nodes: 1: cluster a has 2, and none can be taken away; choose another --name");
});

test("what processes read when they start is changed while they are stopped", () => {
  expect(running({ port: 7777 })).toBe("port: 7777: cluster a runs with 6443; 'knarr down --name a' first");
  expect(running({ proxyMode: "iptables" })).toContain("runs with nftables");
  expect(settingFault(existing, { port: 7777, proxyMode: "iptables" }, { runs: false })).toBeUndefined();
});
