/** The config file of `up`: the same settings as its options, and those that are too long for one. */
import { readFileSync } from "node:fs";
import { parseDocument } from "yaml";
import { defaults, type ClusterSettings } from "../cluster/settings.ts";
import { cidrContains, formatCidr, parseCidr, parseIp } from "../shared/lib/ip.ts";
import { fail } from "../cluster/failure.ts";

type Check = (value: unknown) => string | undefined;

const text: Check = (v) => (typeof v === "string" && v !== "" ? undefined : "must be a text");
const cidr: Check = (v) =>
  typeof v === "string" && parseCidr(v)?.family === 4 && isNetwork(v) ? undefined : "must be an IPv4 range such as 10.96.0.0/16";
const isNetwork = (range: string) => formatCidr(parseCidr(range)!) === range;
const address: Check = (v) =>
  typeof v === "string" && parseIp(v)?.family === 4 ? undefined : "must be an IPv4 address such as 10.96.0.10";
const domain: Check = (v) =>
  typeof v === "string" && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(v)
    ? undefined
    : "must be a domain such as cluster.local";
const urls: Check = (v) =>
  !texts(v) && (v as string[]).every((url) => /^https?:\/\//.test(url) && URL.canParse(url))
    ? undefined
    : "must be a list of URLs such as http://127.0.0.1:2379";
const oneOf =
  (...values: string[]): Check =>
  (v) =>
    values.includes(v as string) ? undefined : `must be one of: ${values.join(", ")}`;
const whole =
  (least: number, most: number): Check =>
  (v) =>
    Number.isInteger(v) && (v as number) >= least && (v as number) <= most
      ? undefined
      : `must be a whole number from ${least} to ${most}`;
const texts: Check = (v) => (Array.isArray(v) && v.every((x) => typeof x === "string") ? undefined : "must be a list of texts");
const mirrors: Check = (v) =>
  v && typeof v === "object" && !Array.isArray(v) && Object.values(v).every((x) => !texts(x))
    ? undefined
    : "must map a registry's host to a list of URLs";

const CHECKS: Record<keyof ClusterSettings, Check> = {
  name: text,
  nodeKind: oneOf("real", "simulated"),
  nodes: whole(1, 64),
  port: whole(1, 65_535),
  serviceCidr: cidr,
  clusterDnsIp: address,
  clusterDomain: domain,
  podCidr: cidr,
  proxyMode: oneOf("nftables", "iptables"),
  registryMirrors: mirrors,
  etcdEndpoints: urls,
};

/** Settings of a YAML file; every fault is named with its key. */
export function readConfig(file: string): Partial<ClusterSettings> {
  let source: string;
  try {
    source = readFileSync(file, "utf8");
  } catch (error) {
    return fail(`--config ${file}: ${(error as Error).message}`, error);
  }
  const document = parseDocument(source);
  if (document.errors.length) fail(`--config ${file}: ${document.errors[0]!.message}`);
  const settings = (document.toJS() ?? {}) as Record<string, unknown>;
  if (typeof settings !== "object" || Array.isArray(settings)) fail(`--config ${file}: must be a mapping of settings`);
  const faults = Object.entries(settings).flatMap(([key, value]) => {
    const check = CHECKS[key as keyof ClusterSettings];
    const fault = check ? check(value) : `no such setting; there is: ${Object.keys(CHECKS).join(", ")}`;
    return fault ? [`${key}: ${fault}`] : [];
  });
  if (!faults.length) faults.push(...dnsFault(settings));
  if (faults.length) fail(`--config ${file}: ${faults.join("; ")}`);
  return settings as Partial<ClusterSettings>;
}

function dnsFault({ clusterDnsIp, serviceCidr = defaults.serviceCidr }: Partial<ClusterSettings>): string[] {
  if (!clusterDnsIp || cidrContains(parseCidr(serviceCidr)!, parseIp(clusterDnsIp)!)) return [];
  return [`clusterDnsIp: must lie in serviceCidr, ${serviceCidr}`];
}
