/** The program's entry: takes the bundle that serves the command. What `up` supervises has bundles of its own, to start quickly. */
import "./node-version.ts";
import { join } from "node:path";
import { loadBundle } from "./bundle.ts";

/** Put in by the build: file names by the names of bundles. */
declare const KNARR_BUNDLES: Readonly<Record<string, string>>;

interface Program {
  main(command: string, args: string[]): Promise<void>;
}

const BUNDLE_OF: Readonly<Record<string, string>> = {
  server: "server",
  apiserver: "server",
  "kube-apiserver": "server",
  "no-etcd": "server",
  agent: "agent",
};

const [command = "", ...args] = process.argv.slice(2);
const name = BUNDLE_OF[command] ?? "cli";
/** Commands have little in common, servers nearly all. */
const purpose = name === "cli" && /^[a-z]+$/.test(command) ? command : name;
void (loadBundle(join(import.meta.dirname, KNARR_BUNDLES[name]!), purpose) as Program).main(command, args);
