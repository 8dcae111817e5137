/** `knarr envtest`: a folder in which the programs that controller-runtime's envtest starts are Knarr (`envtest.ts`). */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { knarrHome } from "../cluster/settings.ts";
import { findKubectl } from "./kubectl.ts";
import { executable } from "./self.ts";

export async function envtest(): Promise<void> {
  const folder = join(knarrHome(), "envtest");
  writeAssets(folder, executable(), await findKubectl());
  console.log(folder);
}

/** `run` are the words that start Knarr. */
export function writeAssets(folder: string, run: readonly string[], kubectl: string): void {
  mkdirSync(folder, { recursive: true });
  const program = (name: string, words: readonly string[]) => {
    const file = join(folder, name);
    writeFileSync(file, `#!/bin/sh\nexec ${words.map(quoted).join(" ")} "$@"\n`);
    chmodSync(file, 0o755);
  };
  program("kube-apiserver", [...run, "kube-apiserver"]);
  program("etcd", [...run, "no-etcd"]);
  program("kubectl", [kubectl]);
}

const quoted = (word: string) => `'${word.replaceAll("'", `'\\''`)}'`;
