import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { parse } from "yaml";
import { checkKubeconfig, mergeContext, removeContext, userKubeconfigPath } from "./kubeconfig.ts";

let dir: string;
beforeEach(() => void (dir = mkdtempSync(join(tmpdir(), "knarr-kubeconfig-"))));
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(dir, { recursive: true, force: true });
});

const OURS = `
clusters: [{ name: x, cluster: { server: "https://127.0.0.1:6443" } }]
users: [{ name: x, user: { token: t } }]
`;
const THEIRS = `# mine, do not touch
apiVersion: v1
kind: Config
current-context: work
clusters:
  - name: work # the important one
    cluster: { server: https://work.example }
users:
  - name: work
    user:
      exec: { apiVersion: client.authentication.k8s.io/v1, command: login, args: [--realm, "a b c d e f g h i j k l m n o p q r s t u v w x y z 0 1 2 3 4 5 6 7 8 9"] }
contexts:
  - name: work
    context: { cluster: work, user: work }
extensions: [{ name: e, extension: { on: true, mode: 0777 } }]
`;

test("another's entries, comments, link, mode and owner stay; ours come once and go again", async () => {
  const real = join(dir, "dotfiles");
  const file = join(dir, "config");
  writeFileSync(real, THEIRS);
  chmodSync(real, 0o640);
  if (process.getuid?.() === 0) (await import("node:fs")).chownSync(real, 1234, 1234);
  symlinkSync("dotfiles", file);
  const { uid } = statSync(real);
  await mergeContext("knarr-a", OURS, file);
  await mergeContext("knarr-a", OURS, file);
  const merged = parse(readFileSync(real, "utf8"));
  expect(merged.contexts.map((c: any) => c.name)).toEqual(["work", "knarr-a"]);
  expect(merged["current-context"]).toBe("knarr-a");
  expect(readFileSync(real, "utf8")).toContain("# the important one");
  await removeContext("knarr-a", [file]);
  expect(lstatSync(file).isSymbolicLink()).toBe(true);
  expect([statSync(real).mode & 0o777, statSync(real).uid]).toEqual([0o640, uid]);
  expect(parse(readFileSync(real, "utf8"), { version: "1.1" })).toEqual({
    ...parse(THEIRS, { version: "1.1" }),
    "current-context": "",
  });
});

test("what is no kubeconfig is refused and left alone", async () => {
  const file = join(dir, "config");
  for (const text of ["a: [1", "- a\n", "clusters: {a: 1}\n", "just text"]) {
    writeFileSync(file, text);
    expect(() => checkKubeconfig(file)).toThrow(`${file} is not a kubeconfig`);
    await expect(mergeContext("knarr-a", OURS, file)).rejects.toThrow("is not a kubeconfig");
    expect(readFileSync(file, "utf8")).toBe(text);
  }
  writeFileSync(file, "clusters: null\n");
  await mergeContext("knarr-a", OURS, file);
  expect(parse(readFileSync(file, "utf8")).clusters.length).toBe(1);
});

test("of several files the first that exists is written to, else the last; all are cleaned", async () => {
  const [a, b, c] = ["a", "b", "c/d"].map((name) => join(dir, name)) as [string, string, string];
  vi.stubEnv("KUBECONFIG", `${a}::${b}:${c}`);
  expect(userKubeconfigPath()).toBe(c);
  writeFileSync(b, THEIRS);
  expect(userKubeconfigPath()).toBe(b);
  await mergeContext("knarr-a", OURS, b);
  await mergeContext("knarr-a", OURS, c);
  await removeContext("knarr-a");
  for (const file of [b, c]) expect(readFileSync(file, "utf8")).not.toContain("knarr-a");
});

test("changes at the same time are all kept, and a lock that stays is named", async () => {
  const file = join(dir, "config");
  writeFileSync(file, THEIRS);
  const names = ["knarr-a", "knarr-b", "knarr-c"];
  await Promise.all(names.map((name) => mergeContext(name, OURS, file)));
  expect(parse(readFileSync(file, "utf8")).contexts.map((c: any) => c.name)).toEqual(["work", ...names]);
  mkdirSync(`${file}.lock`);
  const late = mergeContext("knarr-d", OURS, file);
  setTimeout(() => rmSync(`${file}.lock`, { recursive: true }), 100);
  await late;
});
