#!/usr/bin/env node
// Bundles the executable and the test library into dist/. Native modules and packages that load files of their own stay outside.
import { build } from "esbuild";
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
  external: ["lmdb"],
  minifySyntax: true,
  sourcemap: "linked",
  sourcesContent: false,
  define: { KNARR_VERSION: JSON.stringify(version) },
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
  },
  logLevel: "warning",
});
writeDescriptions(root, join(out, "descriptions.json"));
writeFileSync(join(out, ".built"), `${version}\n`);
