/**
 * Merging a cluster's context into the user's kubeconfig, and taking it out again, as kind does: everything else in the
 * file stays as it is, its owner, mode and a symbolic link to it included.
 */
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { isMap, isSeq, parseDocument, type Document, type YAMLMap, type YAMLSeq } from "yaml";
import { env, realClock, sleep } from "../shared/lib/platform.ts";
import { fail } from "../cluster/failure.ts";

const SECTIONS = ["clusters", "users", "contexts"] as const;
const LOCK_WAIT_MS = 5000;

/** All that kubectl reads. */
function userKubeconfigs(): string[] {
  const listed = env("KUBECONFIG")?.split(delimiter).filter(Boolean) ?? [];
  return listed.length ? listed : [join(homedir(), ".kube/config")];
}

/** The file that kubectl writes new entries to: the first of KUBECONFIG that exists, else the last; ~/.kube/config without it. */
export function userKubeconfigPath(): string {
  const files = userKubeconfigs();
  return files.find((file) => existsSync(file)) ?? files.at(-1)!;
}

/** Adds context `context` with its cluster and user, taken from the kubeconfig text `from`, and makes it current. */
export async function mergeContext(context: string, from: string, file = userKubeconfigPath()): Promise<void> {
  const source = parseDocument(from).toJS() as Record<string, { name: string; cluster?: unknown; user?: unknown }[]>;
  await edit(file, (document) => {
    put(document, "clusters", context, { name: context, cluster: source["clusters"]![0]!.cluster });
    put(document, "users", context, { name: context, user: source["users"]![0]!.user });
    put(document, "contexts", context, { name: context, context: { cluster: context, user: context } });
    document.set("current-context", context);
  });
}

/** Takes the context out of every file; clears current-context where it was this one. A missing file is fine. */
export async function removeContext(context: string, files: readonly string[] = userKubeconfigs()): Promise<void> {
  for (const file of files.filter((name) => existsSync(name) && readFileSync(name, "utf8").includes(context))) {
    await edit(file, (document) => {
      for (const section of SECTIONS) remove(document, section, context);
      if (document.get("current-context") === context) document.set("current-context", "");
    });
  }
}

/** Fails where the file is not what it can be merged into: asked before anything is started. */
export function checkKubeconfig(file = userKubeconfigPath()): void {
  load(file);
}

/** Under the lock that kubectl takes too, so that nobody's change is lost. */
async function edit(file: string, change: (document: Document) => void): Promise<void> {
  const target = linkTarget(file);
  mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
  const lock = `${file}.lock`;
  await take(lock);
  try {
    const document = load(file);
    change(document);
    replace(target, document.toString({ lineWidth: 0 }));
  } finally {
    rmSync(lock, { force: true });
  }
}

/** @source staging/src/k8s.io/client-go/tools/clientcmd/config.go v1.36: lockFile */
async function take(lock: string): Promise<void> {
  const deadline = realClock.monotonic() + LOCK_WAIT_MS;
  mkdirSync(dirname(lock), { recursive: true, mode: 0o700 });
  for (;;) {
    try {
      return writeFileSync(lock, "", { flag: "wx", mode: 0o600 });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      if (realClock.monotonic() > deadline)
        fail(`${lock} is there: another program changes the file, or died while it did; remove it then`);
    }
    await sleep(realClock, 50);
  }
}

function load(file: string): Document {
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  const document = parseDocument(text.trim() ? text : "apiVersion: v1\nkind: Config\nclusters: []\nusers: []\ncontexts: []\n", {
    version: "1.1",
  });
  if (document.errors.length || !isMap(document.contents))
    fail(`${file} is not a kubeconfig: ${document.errors[0]?.message ?? "no mapping at its top"}`);
  for (const section of SECTIONS) {
    const list = document.get(section);
    if (list !== undefined && list !== null && !isSeq(list)) fail(`${file} is not a kubeconfig: ${section} is no list`);
  }
  return document;
}

/** Replaces the entry `name` of a section, or adds it. */
function put(document: Document, section: (typeof SECTIONS)[number], name: string, entry: unknown): void {
  remove(document, section, name);
  if (!isSeq(document.get(section))) document.set(section, document.createNode([]));
  const list = document.get(section) as YAMLSeq;
  list.flow = false;
  list.add(document.createNode(entry));
}

function remove(document: Document, section: (typeof SECTIONS)[number], name: string): void {
  const list = document.get(section);
  if (isSeq(list)) list.items = list.items.filter((item) => (item as YAMLMap).get?.("name") !== name);
}

/** Where the file really is: a rename onto a symbolic link would replace the link. */
function linkTarget(file: string, depth = 0): string {
  try {
    if (depth < 40) return linkTarget(resolve(dirname(file), readlinkSync(file)), depth + 1);
  } catch {
    return file; // no link
  }
  return fail(`${file}: too many symbolic links`);
}

/** At once as a whole; what was there keeps its owner and mode. */
function replace(file: string, text: string): void {
  const before = existsSync(file) ? statSync(file) : undefined;
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, text, { mode: 0o600 });
    if (before) {
      if (process.getuid?.() === 0) chownSync(temporary, before.uid, before.gid);
      chmodSync(temporary, before.mode & 0o777);
    }
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new Error(`cannot write ${file}`, { cause: error });
  }
}
