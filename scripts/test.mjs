#!/usr/bin/env node
// `npm test`: everything that proves the product, from a clean clone on Debian 12 with Node 20, npm and root. Installs what it needs and says so.
//   node scripts/test.mjs [--unit]      --unit: only what needs no root and no containers
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const unitOnly = process.argv.includes("--unit");
const isRoot = process.getuid?.() === 0;
const PACKAGES = {
  containerd: "/usr/bin/containerd",
  runc: "/usr/sbin/runc",
  "containernetworking-plugins": "/usr/lib/cni/bridge",
  nftables: "/usr/sbin/nft",
  iptables: "/usr/sbin/iptables",
  iproute2: "/usr/sbin/ip",
  conntrack: "/usr/sbin/conntrack",
  "busybox-static": "/bin/busybox",
  "etcd-server": "/usr/bin/etcd",
  curl: "/usr/bin/curl",
  procps: "/usr/bin/ps",
};

function step(title, command, args, options = {}) {
  console.log(`\n== ${title}`);
  const began = process.hrtime.bigint();
  const { status, signal, error } = spawnSync(command, args, { cwd: root, stdio: "inherit", ...options });
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  if (status === 0) return console.log(`-- ${title}: ${seconds.toFixed(1)} s`);
  console.error(`-- ${title}: failed (${error?.message ?? signal ?? `exit status ${status}`}) after ${seconds.toFixed(1)} s`);
  process.exit(status || 1);
}

const bin = (name) => join(root, "node_modules/.bin", name);
const stamp = join(root, "node_modules/.package-lock.json");
if (
  !existsSync(bin("vitest")) ||
  (existsSync(stamp) && statSync(stamp).mtimeMs < statSync(join(root, "package-lock.json")).mtimeMs - 1000)
) {
  step("npm packages", "npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
}
if (!unitOnly && isRoot) installDebianPackages();

step("Types", bin("tsc"), ["--noEmit"]);
step("Lint", bin("oxlint"), ["--deny-warnings", "--quiet", "src", "test", "scripts"]);
step("Format", bin("oxfmt"), ["--check", "src", "test", "scripts"]);
step("Build", process.execPath, ["scripts/build.mjs"]);
step("Unit and in-process tests", bin("vitest"), ["run", "--project", "unit"]);
if (unitOnly) process.exit(0);
if (!isRoot) {
  console.log("\nNot root: the tests on real containers, namespaces and etcd were left out. Run `npm test` as root for all.");
  process.exit(0);
}
step("System tests (containers, namespaces, etcd, kubectl)", bin("vitest"), ["run", "--project", "system"]);
step("Exchanges with a real API server", process.execPath, ["scripts/replay.mjs"]);

function installDebianPackages() {
  const missing = Object.entries(PACKAGES)
    .filter(([, proof]) => !existsSync(proof))
    .map(([name]) => name);
  if (!missing.length) return;
  console.log(`Installing Debian packages that the tests use: ${missing.join(" ")}`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  if (
    spawnSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...missing], { env, stdio: "ignore" }).status === 0
  )
    return;
  step("apt-get update", "apt-get", ["update", "-qq"], { env });
  step("apt-get install", "apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...missing], { env });
}
