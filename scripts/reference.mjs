#!/usr/bin/env node
// Writes docs/reference/: kinds, commands, error reasons, settings, all read from what the program itself uses. Needs a build (dist/).
//   node scripts/reference.mjs [--check]      --check: exit 1 and name the pages that are stale
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const read = (path) => readFileSync(join(root, path), "utf8");
const head = (title) => `# ${title}\n\n<!-- Written by scripts/reference.mjs. Do not edit. -->\n\n`;

function kinds() {
  const served = JSON.parse(read("src/shared/api/tables/served-1.36.json"));
  const rows = served.map((r) => {
    const subresources = (r.subresources ?? []).map((s) => s.subresource).join(", ");
    return `| ${r.kind} | ${r.groupVersion} | ${r.resource} | ${(r.shortNames ?? []).join(", ")} | ${r.scope} | ${r.verbs.join(", ")} | ${subresources} |`;
  });
  return `${head("Kinds")}| kind | group and version | resource | short names | scope | verbs | subresources |\n|---|---|---|---|---|---|---|\n${rows.join("\n")}\n`;
}

function commands() {
  const help = (...args) =>
    execFileSync(process.execPath, [join(root, "dist/knarr.js"), ...args, "--help"], {
      encoding: "utf8",
      env: { ...process.env, COLUMNS: "120", NO_COLOR: "1" },
    });
  const names = [...help().matchAll(/^ {2}([a-z]+)(?: |$)/gm)].map((m) => m[1]).filter((name) => name !== "help");
  const image = [...help("image").matchAll(/^ {2}([a-z]+)(?: |$)/gm)].map((m) => m[1]).filter((name) => name !== "help");
  const pages = names.flatMap((name) =>
    name === "kubectl" ? [] : name === "image" ? image.map((sub) => ["image", sub]) : [[name]],
  );
  const sections = pages.map((args) => `## knarr ${args.join(" ")}\n\n\`\`\`\n${help(...args).trim()}\n\`\`\`\n`);
  return `${head("Commands")}\`\`\`\n${help().trim()}\n\`\`\`\n\n${sections.join("\n")}`;
}

function errors() {
  const rows = [...read("src/shared/apimachinery/errors.ts").matchAll(/apiError\(\s*(\d+),\s*"(\w+)"/g)].map((m) => [
    Number(m[1]),
    m[2],
  ]);
  const unique = [...new Map(rows.map(([code, reason]) => [reason, code]))].sort((a, b) => a[1] - b[1] || (a[0] < b[0] ? -1 : 1));
  return `${head("Error reasons")}Every refusal of the API server is a Status with one of these reasons.\n\n| code | reason |\n|---|---|\n${unique.map(([reason, code]) => `| ${code} | ${reason} |`).join("\n")}\n`;
}

function settings() {
  const source = read("src/cluster/settings.ts");
  const body = source.slice(
    source.indexOf("export interface ClusterSettings {"),
    source.indexOf("\n}\n", source.indexOf("export interface ClusterSettings {")),
  );
  const rows = [];
  let comment = "";
  for (const line of body.split("\n").slice(1)) {
    const remark = /\/\*\* (.*?) \*\//.exec(line);
    if (remark) comment = remark[1];
    const field = /^ {2}(\w+): (.*);$/.exec(line);
    if (field) {
      rows.push(`| ${field[1]} | ${field[2].replace(/\|/g, "\\|")} | ${comment} |`);
      comment = "";
    }
  }
  const variables = [
    ...new Set(
      ["src/cli", "src/cluster", "src/shared/component"].flatMap(
        (dir) =>
          execFileSync("grep", ["-rhoE", 'env\\("[A-Z_]+"\\)', dir], { cwd: root, encoding: "utf8" }).match(/KNARR_[A-Z]+/g) ??
          [],
      ),
    ),
  ].sort();
  return `${head("Settings")}Keys of the file that \`knarr up --config FILE\` reads.\n\n| key | type | meaning |\n|---|---|---|\n${rows.join("\n")}\n\nEnvironment: ${variables.map((v) => `\`${v}\``).join(", ")}, and \`KUBECONFIG\` as kubectl has it.\n`;
}

const pages = { "kinds.md": kinds(), "commands.md": commands(), "errors.md": errors(), "settings.md": settings() };
const out = join(root, "docs/reference");
mkdirSync(out, { recursive: true });
const stale = Object.entries(pages).filter(
  ([name, text]) => !existsSync(join(out, name)) || readFileSync(join(out, name), "utf8") !== text,
);
if (process.argv.includes("--check")) {
  if (stale.length)
    console.error(`stale: ${stale.map(([name]) => `docs/reference/${name}`).join(", ")}: run node scripts/reference.mjs`);
  process.exit(stale.length ? 1 : 0);
}
for (const [name, text] of stale) writeFileSync(join(out, name), text);
console.log(`${Object.keys(pages).length} pages, ${stale.length} written`);
