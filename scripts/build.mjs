#!/usr/bin/env node
// Bundles the executable and the test library into dist/. Everything is in the bundle, so that the installed package needs no other.
//   --types   also writes the declarations of the test library (for the packed package)
import { build } from "esbuild";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeDescriptions } from "./descriptions.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const out = join(root, "dist");
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

mkdirSync(out, { recursive: true });
rmSync(join(out, ".built"), { force: true });
rmSync(join(out, "chunks"), { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: { knarr: "src/cli/main.ts", testing: "src/testing/index.ts" },
  outdir: out,
  bundle: true,
  splitting: true,
  chunkNames: "chunks/[name]-[hash]",
  platform: "node",
  target: "node20",
  format: "esm",
  minify: true,
  sourcemap: "linked",
  sourcesContent: false,
  define: { KNARR_VERSION: JSON.stringify(version) },
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
  },
  logLevel: "warning",
});
if (process.argv.includes("--types"))
  execFileSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.types.json"], {
    cwd: root,
    stdio: "inherit",
  });
writeDescriptions(root, join(out, "descriptions.json"));
writeFileSync(join(out, ".built"), `${version}\n`);
