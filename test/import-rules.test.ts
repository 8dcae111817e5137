/**
 * Who may import whom. Each rule carries its reason; the test also asserts that it saw the files, so that it cannot pass by
 * looking at nothing.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const src = join(dirname(fileURLToPath(import.meta.url)), "../src");

/** A part is a folder; files below it belong to the longest part that matches. `may` lists the parts it may import besides itself. */
const PARTS: Record<string, { may: readonly string[]; because: string }> = {
  "shared/lib": { may: [], because: "lib knows nothing of Kubernetes" },
  "shared/apimachinery": { may: ["shared/lib"], because: "the machinery works on any schema, it must not know a kind" },
  "shared/api": { may: ["shared/lib", "shared/apimachinery"], because: "kinds are data for clients and server alike" },
  "shared/component": { may: ["shared/lib"], because: "what every process needs, Kubernetes or not" },
  "shared/client": {
    may: ["shared/lib", "shared/apimachinery", "shared/api", "shared/component"],
    because: "a client knows the API, not the server",
  },
  "control-plane/store": {
    may: ["shared/lib", "shared/component"],
    because: "the store keeps bytes and has never heard of a Pod",
  },
  "control-plane/apiserver": { may: ["shared/*", "control-plane/store"], because: "only the API server touches the store" },
  "control-plane/scheduler": { may: ["shared/*"], because: "components meet at the API" },
  "control-plane/controller-manager": { may: ["shared/*"], because: "components meet at the API" },
  "control-plane/cloud-controller-manager": { may: ["shared/*"], because: "components meet at the API" },
  "node/cri": { may: ["shared/lib", "shared/component"], because: "the runtime's protocol has nothing of the API in it" },
  "node/kubelet": { may: ["shared/*", "node/cri", "addons/cni"], because: "the kubelet drives the runtime and the pod network" },
  "node/simulated": { may: ["shared/*"], because: "components meet at the API" },
  "node/kube-proxy": { may: ["shared/*"], because: "components meet at the API" },
  "addons/cni": { may: ["shared/*"], because: "components meet at the API" },
  "addons/dns": { may: ["shared/*"], because: "components meet at the API" },
  "addons/ingress": { may: ["shared/*"], because: "components meet at the API" },
  "addons/metrics": { may: ["shared/*"], because: "components meet at the API" },
  "addons/dashboard": { may: ["shared/*"], because: "components meet at the API" },
  // Composition roots: they wire components into processes and may see everything.
  cluster: { may: ["*"], because: "the processes of a cluster are put together here" },
  cli: { may: ["*"], because: "the command line starts everything" },
  testing: { may: ["*"], because: "the in-memory cluster composes everything" },
};

/** Folders whose files must not import each other: each is one decision that can be read, tested and removed alone. */
const NO_SIBLINGS = ["control-plane/scheduler/plugins", "control-plane/apiserver/admission"];
/** The tables that put a folder's plugins in order, and what all of them may use. */
const ORDERS = ["order.ts", "index.ts"];
const COMMON = ["refuse.ts", "common"];

interface Edge {
  from: string;
  to: string;
  /** `import type`: gone at run time. */
  typeOnly: boolean;
}

function sourceFiles(): string[] {
  return readdirSync(src, { recursive: true, encoding: "utf8" })
    .filter((file) => /\.tsx?$/.test(file))
    .toSorted();
}

function edgesOf(file: string): Edge[] {
  const text = readFileSync(join(src, file), "utf8");
  const found = [
    ...text.matchAll(
      /(?:^|\n)\s*(?:import|export)\b[^;'"]*?from\s*["'](\.[^"']+)["']|import\(\s*["'](\.[^"']+)["']\s*\)|(?:^|\n)import\s*["'](\.[^"']+)["']/g,
    ),
  ];
  return found.map((m) => ({
    from: file,
    typeOnly: /^\s*(import|export)\s+type\b/.test(m[0]),
    to: relative(src, join(src, dirname(file), (m[1] ?? m[2] ?? m[3])!)),
  }));
}

function partOf(file: string): string {
  const known = Object.keys(PARTS).filter((part) => file.startsWith(`${part}/`));
  return known.toSorted((a, b) => b.length - a.length)[0] ?? "unknown";
}

const allowed = (part: string, to: string) =>
  part === to ||
  PARTS[part]!.may.some((rule) => rule === "*" || rule === to || (rule.endsWith("/*") && to.startsWith(rule.slice(0, -1))));

const files = sourceFiles();
const edges = files.flatMap(edgesOf);

test("the rules saw the source", () => {
  expect(files.length).toBeGreaterThan(100);
  expect(edges.length).toBeGreaterThan(files.length);
  expect(files.filter((file) => partOf(file) === "unknown")).toEqual([]);
});

test("every import is one its part may make", () => {
  const isTest = (file: string) => /\.test\.tsx?$/.test(file);
  const broken = edges
    .filter(({ from, to }) => !isTest(from) && partOf(to) in PARTS && !allowed(partOf(from), partOf(to)))
    .map(({ from, to }) => `${from} imports ${to}: ${partOf(from)} may not, ${PARTS[partOf(from)]!.because}`);
  expect(broken).toEqual([]);
});

test("plugins do not import their siblings", () => {
  const isPlugin = (file: string) => !ORDERS.some((order) => file.endsWith(`/${order}`)) && !file.endsWith(".test.ts");
  const isCommon = (file: string) => COMMON.some((name) => file.endsWith(`/${name}`) || file.includes(`/${name}/`));
  const broken = edges
    .filter(({ from, to }) => NO_SIBLINGS.some((folder) => dirname(from) === folder && dirname(to) === folder))
    .filter(({ from, to }) => isPlugin(from) && !isCommon(to));
  expect(broken).toEqual([]);
});

test("controllers do not import each other", () => {
  const folder = "control-plane/controller-manager/";
  const controllerOf = (file: string) => (file.startsWith(folder) ? file.slice(folder.length).split("/") : []);
  const broken = edges.filter(({ from, to }) => {
    const [a, ...inA] = controllerOf(from);
    const [b, ...inB] = controllerOf(to);
    return inA.length > 0 && inB.length > 0 && a !== b && b !== "common" && !from.endsWith(".test.ts");
  });
  expect(broken).toEqual([]);
});

test("there are no cycles", () => {
  const next = new Map<string, Edge[]>();
  for (const edge of edges) if (!edge.typeOnly) next.set(edge.from, [...(next.get(edge.from) ?? []), edge]);
  const state = new Map<string, "open" | "done">();
  const cycles: string[] = [];
  const visit = (file: string, path: string[]): void => {
    if (state.get(file) === "done") return;
    if (state.get(file) === "open") return void cycles.push([...path.slice(path.indexOf(file)), file].join(" → "));
    state.set(file, "open");
    for (const edge of next.get(file) ?? []) visit(edge.to, [...path, file]);
    state.set(file, "done");
  };
  for (const file of files) if (!file.includes("generated/")) visit(file, []);
  expect(cycles).toEqual([]);
});

test("time, chance and the environment come through the platform door", () => {
  const door = /\bDate\.now\(|\bMath\.random\(|\bprocess\.env\b|(?<![.\w])setTimeout\(|(?<![.\w])setInterval\(|\bnew Date\(\)/;
  const broken = files
    .filter((file) => file !== "shared/lib/platform.ts" && !file.endsWith(".test.ts") && !file.endsWith(".bench.ts"))
    .flatMap((file) =>
      readFileSync(join(src, file), "utf8")
        .split("\n")
        .flatMap((line, n) => (door.test(line) && !/^\s*(\*|\/\/)/.test(line) ? [`${file}:${n + 1}: ${line.trim()}`] : [])),
    );
  expect(broken).toEqual([]);
});
