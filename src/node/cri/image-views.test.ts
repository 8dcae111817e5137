import { expect, test } from "vitest";
import type { Cri } from "./client.ts";
import { mountsImages, relativeLayers } from "./image-views.ts";

test("layers are named from the directory they share, where they share one", () => {
  const long = "/state/snapshots/12/fs:/state/snapshots/7/fs";
  expect(relativeLayers(long)).toEqual({ cwd: "/state/snapshots", layers: "12/fs:7/fs" });
  expect(relativeLayers("/a/1/fs:/b/2/fs")).toEqual({ layers: "/a/1/fs:/b/2/fs" });
  expect(relativeLayers(undefined)).toEqual({});
});

test.each([
  ["containerd", "1.6.20~ds1", false],
  ["containerd", "v2.0.5", false],
  ["containerd", "v2.1.0-rc.1", true],
  ["containerd", "3.0.0", true],
  ["cri-o", "1.31.0", true],
])("%s %s mounts images itself: %s", async (runtime_name, runtime_version, expected) => {
  const cri = { version: async () => ({ runtime_name, runtime_version }) } as unknown as Cri;
  expect(await mountsImages(cri)).toBe(expected);
});
