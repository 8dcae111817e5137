import { mkdir, mkdtemp, readFile, readlink, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { writeAtomically } from "./atomic-writer.ts";
import { hostPath } from "./host-path.ts";
import { groupMode } from "./ownership.ts";
import { volumePayload, type Payload, type PayloadSources } from "./payload.ts";
import { podOf } from "../pod/fixtures.ts";

let dir: string;
beforeEach(async () => (dir = await mkdtemp(join(tmpdir(), "knarr-volumes-"))));
afterEach(() => rm(dir, { recursive: true }));

const files = (entries: Record<string, string>, mode = 0o644): Payload =>
  new Map(Object.entries(entries).map(([path, text]) => [path, { data: Buffer.from(text), mode }]));

test("all files of a volume change at once", async () => {
  const volume = join(dir, "v");
  const write = (payload: Payload, now = 0) => writeAtomically({ dir: volume, payload, now });
  expect(await write(files({ a: "1", "sub/b": "2" }))).toBe(true);
  const first = await readlink(join(volume, "..data"));
  expect([await readFile(join(volume, "a"), "utf8"), await readFile(join(volume, "sub/b"), "utf8")]).toEqual(["1", "2"]);
  expect(await write(files({ a: "1", "sub/b": "2" }))).toBe(false);
  expect(await readlink(join(volume, "..data"))).toBe(first);
  expect(await write(files({ a: "changed" }), 1_000)).toBe(true);
  expect(await readFile(join(volume, "a"), "utf8")).toBe("changed");
  await expect(stat(join(volume, "sub"))).rejects.toThrow("ENOENT");
  await expect(stat(join(volume, first))).rejects.toThrow("ENOENT");
  expect(await write(files({ a: "changed" }, 0o400), 2_000)).toBe(true);
  expect((await stat(join(volume, "a"))).mode & 0o777).toBe(0o400);
  await expect(write(files({ "../evil": "" }))).rejects.toThrow("invalid path");
});

test("files of objects: chosen keys, their modes, and what must be there", async () => {
  const sources = {
    pod: podOf({ securityContext: { fsGroup: 5 } }),
    podIPs: [],
    hostIPs: [],
    allocatable: {},
    configMap: async (name: string) => (name === "cm" ? { data: { k: "v" }, binaryData: { b: "AAE=" } } : undefined),
    secret: async () => undefined,
    token: async () => "jwt",
  } as unknown as PayloadSources;
  const payload = async (source: object) =>
    [...(await volumePayload({ name: "v", ...source }, sources))!].map(([path, f]) => [path, f.data.toString("hex"), f.mode]);
  expect(await payload({ configMap: { name: "cm", defaultMode: 0o600 } })).toEqual([
    ["k", "76", 0o600],
    ["b", "0001", 0o600],
  ]);
  expect(await payload({ configMap: { name: "cm", items: [{ key: "k", path: "x/y", mode: 0o400 }] } })).toEqual([
    ["x/y", "76", 0o400],
  ]);
  expect(await payload({ projected: { sources: [{ serviceAccountToken: { path: "token" } }] } })).toEqual([
    ["token", Buffer.from("jwt").toString("hex"), 0o600],
  ]);
  await expect(payload({ configMap: { name: "none" } })).rejects.toThrow('configmap "none" not found');
  await expect(payload({ configMap: { name: "cm", items: [{ key: "z", path: "z" }] } })).rejects.toThrow(
    "non-existent config key: z",
  );
  expect(await payload({ secret: { secretName: "none", optional: true } })).toEqual([]);
});

test("paths of the host are checked or made", async () => {
  await mkdir(join(dir, "d"));
  expect(await hostPath({ path: join(dir, "d"), type: "Directory" })).toBe(join(dir, "d"));
  await hostPath({ path: join(dir, "new"), type: "DirectoryOrCreate" });
  await hostPath({ path: join(dir, "file"), type: "FileOrCreate" });
  expect((await stat(join(dir, "file"))).isFile()).toBe(true);
  await expect(hostPath({ path: join(dir, "none"), type: "Directory" })).rejects.toThrow("is not a directory");
  await expect(hostPath({ path: join(dir, "d"), type: "Socket" })).rejects.toThrow("is not a socket file");
});

test("a group can read, write and search what it is given", () => {
  expect(groupMode(0o600, false, false)).toBe(0o660);
  expect(groupMode(0o400, false, true)).toBe(0o440);
  expect(groupMode(0o700, true, false)).toBe(0o2770);
});
