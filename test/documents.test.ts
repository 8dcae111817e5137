/** Documents that are written from the program are up to date, and those written by hand name what exists. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** The commands' page is read from the built program; `npm test` builds first. */
test.skipIf(!existsSync(join(root, "dist/.built")))("docs/reference is what the program says", () => {
  execFileSync(process.execPath, ["scripts/reference.mjs", "--check"], { cwd: root, stdio: "pipe" });
});

test("every path that a document names exists", () => {
  const documents = [
    "README.md",
    "ARCHITECTURE.md",
    ...["guides", "decisions"].flatMap((dir) => readdirSync(join(root, "docs", dir)).map((name) => `docs/${dir}/${name}`)),
  ];
  const missing = documents.flatMap((file) => {
    const text = readFileSync(join(root, file), "utf8");
    const paths = [...text.matchAll(/`((?:src|test|docs|scripts|examples|bin|bench)\/[\w./-]+)`/g)].map((m) => m[1]!);
    return paths.filter((path) => !path.includes("<") && !existsSync(join(root, path))).map((path) => `${file}: ${path}`);
  });
  expect(documents.length).toBeGreaterThan(5);
  expect(missing).toEqual([]);
});
