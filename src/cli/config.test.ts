import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readConfig } from "./config.ts";

const dir = mkdtempSync(join(tmpdir(), "knarr-config-"));
afterAll(() => rmSync(dir, { recursive: true }));
const read = (text: string) => {
  const file = join(dir, "c.yaml");
  writeFileSync(file, text);
  return readConfig(file);
};

test("every setting is read", () => {
  const text = `
name: a
nodes: 2
serviceCidr: 10.200.0.0/16
clusterDnsIp: 10.200.0.53
clusterDomain: k8s.example
etcdEndpoints: ["http://127.0.0.1:2379"]
registryMirrors: { docker.io: ["https://mirror.example"] }
`;
  expect(read(text)).toMatchObject({ name: "a", nodes: 2, clusterDnsIp: "10.200.0.53", clusterDomain: "k8s.example" });
});

test.each([
  ["serviceCidr: 10.96.0.0", "serviceCidr: must be an IPv4 range"],
  ["podCidr: 10.300.0.0/16", "podCidr: must be an IPv4 range"],
  ["podCidr: 10.30.1.0/16", "podCidr: must be an IPv4 range"],
  ["clusterDnsIp: nonsense", "clusterDnsIp: must be an IPv4 address"],
  ["clusterDnsIp: 10.97.0.10", "clusterDnsIp: must lie in serviceCidr, 10.96.0.0/16"],
  ["clusterDomain: a b", "clusterDomain: must be a domain"],
  ["etcdEndpoints: [127.0.0.1]", "etcdEndpoints: must be a list of URLs"],
])("%s is refused with its name", (text, fault) => expect(() => read(text)).toThrow(fault));
