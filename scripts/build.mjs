#!/usr/bin/env node
// Bundles the executable and the test library into dist/. Everything is in the bundles, so that the installed package needs no other.
//   --types   also writes the declarations of the test library (for the packed package)
// docs/decisions/0013 says why there are several bundles, and why they are CommonJS.
import { build } from "esbuild";
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeDescriptions } from "./descriptions.mjs";
import { warmUp } from "./warm-up.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const out = join(root, "dist");
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

mkdirSync(out, { recursive: true });
for (const name of readdirSync(out)) if (name !== "types") rmSync(join(out, name), { recursive: true });
writeFileSync(join(out, "package.json"), '{ "type": "commonjs" }\n'); // or Node takes knarr.js for an ES module

const common = { absWorkingDir: root, outdir: out, bundle: true, platform: "node", target: "node20", logLevel: "warning" };
const commonJs = {
  format: "cjs",
  define: {
    KNARR_VERSION: JSON.stringify(version),
    "import.meta.dirname": "__dirname",
    "import.meta.filename": "__filename",
  },
};
const { metafile } = await build({
  ...common,
  ...commonJs,
  entryPoints: { cli: "src/cli/main.ts", server: "src/cli/server.ts", agent: "src/cli/agent.ts" },
  entryNames: "[name]-[hash]",
  outExtension: { ".js": ".cjs" },
  minify: true,
  sourcemap: "linked",
  sourcesContent: false,
  metafile: true,
});
const bundles = Object.fromEntries(
  Object.keys(metafile.outputs)
    .filter((file) => file.endsWith(".cjs"))
    .map((file) => [basename(file).split("-")[0], basename(file)]),
);
const KNARR_BUNDLES = JSON.stringify(bundles);
await build({
  ...common,
  ...commonJs,
  entryPoints: { knarr: "src/cli/launch/index.ts" },
  define: { ...commonJs.define, KNARR_BUNDLES },
});
// An ES module names what it exports: the names are those that the built library has.
const { library } = createRequire(import.meta.url)(join(out, bundles.server));
await build({
  ...common,
  stdin: {
    contents: `import { library } from "./src/testing/launch.ts"; export const { ${Object.keys(library).join(", ")} } = library;`,
    resolveDir: root,
  },
  entryNames: "testing",
  outExtension: { ".js": ".mjs" },
  format: "esm",
  define: { KNARR_BUNDLES },
});
if (process.argv.includes("--types"))
  execFileSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.types.json"], {
    cwd: root,
    stdio: "inherit",
  });
writeDescriptions(root, join(out, "descriptions.json"));
await warmUp(join(out, "knarr.js"));
writeFileSync(join(out, ".built"), `${version}\n`);
