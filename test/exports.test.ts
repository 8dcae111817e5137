/**
 * What is exported is imported by somebody: a value that its own file alone uses is not exported, and what nothing uses is not there.
 * Types are let be (the types of an exported function's parameters belong to it), and so is the table of kinds, which is one whole.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const WHOLES = ["src/shared/api/kinds.ts"];
/** What the build starts from: the platform or a user of the package imports it. */
const ENTRIES = [
  "src/testing/index.ts",
  ...[...readFileSync(join(root, "scripts/build.mjs"), "utf8").matchAll(/entryPoints: \{[^}]*\}/g)]
    .flatMap(([text]) => [...text.matchAll(/"(src\/[^"]+)"/g)])
    .map(([, file]) => file!),
];

const FROM = /(?:^|\n)\s*(import|export)\s+(?:type\s+)?([^;'"]*?)\s*from\s*["'](\.[^"']+)["']/g;
const WHOLE_FILE = /import\(\s*["'](\.[^"']+)["']\s*\)|(?:^|\n)\s*import\s*["'](\.[^"']+)["']/g;
const VALUE = /(?:^|\n)export\s+(?:async\s+)?(?:abstract\s+)?(?:function\*?|const|let|class)\s+([\w$]+)/g;

const files = ["src", "test"]
  .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((file) => join(folder, file)))
  .filter((file) => file.endsWith(".ts"));

/** Names that some file imports, as `file name`; `file *` where one takes the whole file. */
const used = new Set<string>();
const exported: { file: string; name: string }[] = [];
const passedOn: { by: string; from: string }[] = [];

for (const file of files) {
  const text = readFileSync(join(root, file), "utf8").replace(/\/\*[\s\S]*?\*\//g, "");
  const target = (specifier: string) => join(dirname(file), specifier);
  for (const [, word, what, specifier] of text.matchAll(FROM)) {
    const from = target(specifier!);
    if (what === "*" && word === "export") passedOn.push({ by: file, from });
    else if (what!.includes("*")) used.add(`${from} *`);
    for (const [name, alias = name] of namesIn(what!)) {
      used.add(`${from} ${name}`);
      if (word === "export" && !what!.includes(`type ${name}`)) exported.push({ file, name: alias! });
    }
  }
  for (const [, dynamic, plain] of text.matchAll(WHOLE_FILE)) used.add(`${target((dynamic ?? plain)!)} *`);
  for (const [, name] of text.matchAll(VALUE)) exported.push({ file, name: name! });
}

/** `{ a, type B, c as d }`: `[["a"], ["B"], ["c", "d"]]`. */
function namesIn(clause: string): string[][] {
  const inside = clause.match(/\{([^}]*)\}/)?.[1] ?? "";
  return inside
    .split(",")
    .map((item) => item.trim().replace(/^type\s+/, ""))
    .filter(Boolean)
    .map((item) => item.split(/\s+as\s+/));
}

const isUsed = (file: string, name: string): boolean =>
  used.has(`${file} ${name}`) ||
  used.has(`${file} *`) ||
  passedOn.some(({ by, from }) => from === file && by !== file && isUsed(by, name));

test("the check saw the source", () => {
  expect(files.length).toBeGreaterThan(800);
  expect(exported.length).toBeGreaterThan(1500);
});

test("every exported value is imported somewhere", () => {
  const idle = exported
    .filter(({ file }) => !file.includes("/generated/") && !WHOLES.includes(file) && !ENTRIES.includes(file))
    .filter(({ file, name }) => !isUsed(file, name));
  expect(idle.map(({ file, name }) => `${file}: ${name}`)).toEqual([]);
});
