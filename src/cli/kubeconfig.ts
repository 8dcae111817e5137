/**
 * Merging a cluster's context into the user's kubeconfig, and taking it out again, as kind does: everything else in the
 * file stays as it is.
 */
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { isMap, isSeq, parseDocument, type Document, type YAMLMap, type YAMLSeq } from "yaml";
import { env } from "../shared/lib/platform.ts";
import { writeAtomically } from "../shared/lib/files.ts";
import { fail } from "../cluster/failure.ts";

const SECTIONS = ["clusters", "users", "contexts"] as const;

/** The file that kubectl would write to: the first of KUBECONFIG, else ~/.kube/config. */
export function userKubeconfigPath(): string {
  return env("KUBECONFIG")?.split(":").find(Boolean) ?? join(homedir(), ".kube/config");
}

function load(file: string): Document {
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  const document = parseDocument(text.trim() ? text : "apiVersion: v1\nkind: Config\nclusters: []\nusers: []\ncontexts: []\n", {
    version: "1.1",
  });
  if (document.errors.length || !isMap(document.contents))
    fail(`${file} is not a kubeconfig: ${document.errors[0]?.message ?? "no mapping at its top"}`);
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

/** Adds context `context` with its cluster and user, taken from the kubeconfig text `from`, and makes it current. */
export function mergeContext(context: string, from: string, file = userKubeconfigPath()): void {
  const source = parseDocument(from).toJS() as Record<string, { name: string; cluster?: unknown; user?: unknown }[]>;
  const document = load(file);
  put(document, "clusters", context, { name: context, cluster: source["clusters"]![0]!.cluster });
  put(document, "users", context, { name: context, user: source["users"]![0]!.user });
  put(document, "contexts", context, { name: context, context: { cluster: context, user: context } });
  document.set("current-context", context);
  writeAtomically(file, document.toString());
}

/** Takes the context out; clears current-context where it was this one. A missing file is fine. */
export function removeContext(context: string, file = userKubeconfigPath()): void {
  if (!existsSync(file)) return;
  const document = load(file);
  for (const section of SECTIONS) remove(document, section, context);
  if (document.get("current-context") === context) document.set("current-context", "");
  writeAtomically(file, document.toString());
}
