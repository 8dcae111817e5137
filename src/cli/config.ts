/** The config file of `up`: the same settings as its options, and those that are too long for one. */
import { readFileSync } from "node:fs";
import { parseDocument } from "yaml";
import type { ClusterSettings } from "../cluster/settings.ts";
import { fail } from "../cluster/failure.ts";

type Check = (value: unknown) => string | undefined;

const text: Check = (v) => (typeof v === "string" && v !== "" ? undefined : "must be a text");
const cidr: Check = (v) =>
  typeof v === "string" && /^\d+\.\d+\.\d+\.\d+\/\d+$/.test(v) ? undefined : "must be an IPv4 range such as 10.96.0.0/16";
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
  clusterDnsIp: text,
  clusterDomain: text,
  podCidr: cidr,
  proxyMode: oneOf("nftables", "iptables"),
  registryMirrors: mirrors,
  etcdEndpoints: texts,
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
  if (faults.length) fail(`--config ${file}: ${faults.join("; ")}`);
  return settings as Partial<ClusterSettings>;
}
