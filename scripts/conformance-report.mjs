#!/usr/bin/env node
// Writes docs/conformance.md from the official conformance suite's own JSON reports (`--ginkgo.json-report`).
//   node scripts/conformance-report.mjs REPORT.json…        later reports override earlier ones, test by test
// Every line is read from the reports; nothing in the page is typed by hand.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const files = process.argv.slice(2);
if (!files.length) {
  console.error("conformance-report: name at least one JSON report of the suite");
  process.exit(2);
}

const tests = new Map();
const runs = [];
for (const file of files) {
  const suites = JSON.parse(readFileSync(file, "utf8"));
  const specs = suites.flatMap((suite) => suite.SpecReports ?? []).filter((spec) => spec.LeafNodeType === "It");
  const conformance = specs.filter((spec) =>
    [...(spec.LeafNodeLabels ?? []), ...(spec.ContainerHierarchyLabels ?? []).flat()].includes("Conformance"),
  );
  for (const spec of conformance) {
    const name = [...(spec.ContainerHierarchyTexts ?? []), spec.LeafNodeText].join(" ");
    const ran = spec.State === "passed" || spec.State === "failed" || spec.State === "timedout" || spec.State === "panicked";
    if (!ran) {
      if (!tests.has(name)) tests.set(name, { result: "not run", cause: "" });
      continue;
    }
    tests.set(name, {
      result: spec.State === "passed" ? "passed" : "failed",
      cause: spec.State === "passed" ? "" : causeOf(spec),
    });
  }
  const started = suites.map((s) => s.StartTime).sort()[0];
  runs.push({
    started,
    seconds: Math.round(suites.reduce((sum, s) => sum + s.RunTime, 0) / 1e9),
    ran: conformance.filter((s) => s.State === "passed" || s.State === "failed").length,
  });
}

function causeOf(spec) {
  const text = (spec.Failure?.Message ?? spec.State)
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean)
    .slice(0, 3)
    .join(" ");
  return text
    .replace(/\|/g, "\\|")
    .replace(/https?:\/\/\S+/g, "…")
    .replace(/(^|\s)\/(?:tmp|work|root|home|var)\/\S*/g, "$1…")
    .slice(0, 220);
}

const rows = [...tests].sort(([a], [b]) => (a < b ? -1 : 1));
const count = (result, list = rows) => list.filter(([, t]) => t.result === result).length;
const sigs = [...new Set(rows.map(([name]) => /^\[(sig-[\w-]+)\]/.exec(name)?.[1] ?? "other"))].sort();
const lines = [
  "# Conformance",
  "",
  "<!-- Written by scripts/conformance-report.mjs from the official suite's own reports. Do not edit. -->",
  "",
  `The official Kubernetes v1.36 conformance suite on a two-node Knarr cluster: **${count("passed")} of ${rows.length} passed**, ${count("failed")} failed, ${count("not run")} not run.`,
  "",
  ...runs.map((run) => `- run of ${run.started.slice(0, 10)}: ${run.ran} tests in ${run.seconds} s`),
  "",
  "| area | passed | failed | not run |",
  "|---|---|---|---|",
  ...sigs.map((sig) => {
    const list = rows.filter(([name]) => name.startsWith(`[${sig}]`));
    return `| ${sig} | ${count("passed", list)} | ${count("failed", list)} | ${count("not run", list)} |`;
  }),
  "",
  "## Every test",
  "",
  "| test | result | cause of a miss |",
  "|---|---|---|",
  ...rows.map(
    ([name, { result, cause }]) => `| ${name.replace(/\|/g, "\\|").replace(/ \[Conformance\]/, "")} | ${result} | ${cause} |`,
  ),
  "",
];
writeFileSync(join(root, "docs/conformance.md"), lines.join("\n"));
console.log(`${count("passed")} of ${rows.length} passed; docs/conformance.md written`);
