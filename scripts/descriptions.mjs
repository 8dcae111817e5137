// Takes the descriptions of types and fields from the installed package @kubernetes/client-node and writes them where the server looks
// for them: { definition: { "": text, field: text } }. They are upstream's prose (Apache License 2.0) and not kept in this repository.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const title = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** `io.k8s.api.core.v1.Event` → the class names it may have there, e.g. `CoreV1Event`, `V1Event`. */
function classNames(definition) {
  const parts = definition.split(".");
  const kind = parts.pop();
  const version = title(parts.pop());
  const group = title(parts.pop() ?? "");
  return kind === "Info" ? ["VersionInfo"] : [`${group}${version}${kind}`, `${version}${kind}`];
}

/** The comments of a declaration file: of the class, and of each property. */
function readClass(text) {
  const out = {};
  for (const m of text.matchAll(/\/\*\*\n((?:\s*\*(?!\/).*\n)*)\s*\*\/\n\s*(?:export declare class (\w+)|'([^']+)'\??:)/g)) {
    const comment = m[1]
      .split("\n")
      .map((line) => line.replace(/^\s*\* ?/, ""))
      .join("\n")
      .trim()
      .replace(/\\(['"])/g, "$1")
      .replaceAll("*_/", "*/");
    if (comment) out[m[3] ?? ""] = comment;
  }
  return out;
}

/** Returns how many definitions got a description; 0 where the package is not installed. */
export function writeDescriptions(root, file) {
  const models = join(root, "node_modules/@kubernetes/client-node/dist/gen/models");
  if (!existsSync(models)) return 0;
  const { definitions } = JSON.parse(readFileSync(join(root, "src/shared/api/tables/schema-1.36.json"), "utf8"));
  const table = {};
  for (const definition of Object.keys(definitions)) {
    const found = classNames(definition)
      .map((name) => join(models, `${name}.d.ts`))
      .find(existsSync);
    if (found) table[definition] = readClass(readFileSync(found, "utf8"));
  }
  writeFileSync(file, JSON.stringify(table));
  return Object.keys(table).length;
}
