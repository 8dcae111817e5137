/** The Debian packages a real node needs: what each is for, how its presence is seen, and installing what is missing. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { childEnvironment, env } from "../shared/lib/platform.ts";
import { fail } from "../cluster/failure.ts";

interface Need {
  package: string;
  why: string;
  /** Programs on the PATH, or absolute files, that show it is there. */
  proof: readonly string[];
}

const NEEDS: readonly Need[] = [
  { package: "containerd", why: "runs the containers", proof: ["containerd", "ctr"] },
  { package: "runc", why: "starts a container for containerd", proof: ["runc"] },
  {
    package: "containernetworking-plugins",
    why: "connects pods to the node's bridge",
    proof: ["/usr/lib/cni/bridge", "/usr/lib/cni/host-local"],
  },
  { package: "nftables", why: "Service rules", proof: ["nft"] },
  { package: "iptables", why: "port mappings of pods", proof: ["iptables"] },
  { package: "iproute2", why: "node networks", proof: ["ip"] },
  { package: "conntrack", why: "forgets stale UDP flows", proof: ["conntrack"] },
  { package: "util-linux", why: "namespaces of nodes", proof: ["nsenter", "unshare"] },
  { package: "mount", why: "volumes", proof: ["mount"] },
  { package: "busybox-static", why: "content of the example image", proof: ["/bin/busybox"] },
];

/** An absolute path of a program on the PATH (with the sbin folders), or undefined. */
export function findProgram(name: string): string | undefined {
  if (name.startsWith("/")) return existsSync(name) ? name : undefined;
  const folders = [...(env("PATH") ?? "").split(delimiter), "/usr/sbin", "/sbin", "/usr/bin", "/bin"];
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
}

function missingPackages(): Need[] {
  return NEEDS.filter((need) => need.proof.some((name) => !findProgram(name)));
}

/** Installs what is missing, telling `say` what and why. Needs root and apt-get; says what to do where one is lacking. */
export function installPackages(say: (line: string) => void): void {
  const missing = missingPackages();
  if (!missing.length) return;
  const names = missing.map((need) => need.package);
  const apt = findProgram("apt-get");
  if (!apt)
    fail(
      `these programs are missing and there is no apt-get to install them: ${missing.map((n) => `${n.proof[0]} (${n.why})`).join(", ")}`,
    );
  for (const need of missing) say(`Installing Debian package ${need.package}: ${need.why}`);
  const run = (...args: string[]) =>
    spawnSync(apt, args, {
      encoding: "utf8",
      env: childEnvironment({ DEBIAN_FRONTEND: "noninteractive" }),
      stdio: ["ignore", "pipe", "pipe"],
    });
  const install = () => run("install", "-y", "-qq", "--no-install-recommends", ...names);
  let result = install();
  if (result.status !== 0) {
    run("update", "-qq"); // a fresh machine has no lists, an old one stale ones
    result = install();
  }
  if (result.status !== 0)
    fail(
      `apt-get could not install ${names.join(" ")}:\n${(result.stderr || result.stdout).trim().split("\n").slice(-5).join("\n")}`,
    );
  const still = missingPackages();
  if (still.length) fail(`installed, but still missing: ${still.map((need) => need.proof.join(", ")).join(", ")}`);
}
