import { expect, test } from "vitest";
import type { Cri } from "../../cri/index.ts";
import { imageMount } from "./image-volumes.ts";

test("a runtime that mounts images itself is told which, and which part", async () => {
  const cri = { version: async () => ({ runtime_name: "containerd", runtime_version: "v2.1.4" }) } as unknown as Cri;
  const place = { podDir: "/pods/u", podUid: "u", volume: "v", subPathTarget: "/pods/u/volume-subpaths/v/c/0" };
  const image = { ref: "sha256:abc", reference: "data:1" };
  expect(await imageMount(cri, { ...place, image, subPath: "dir" })).toEqual({
    host_path: "",
    image: { image: "sha256:abc", user_specified_image: "data:1" },
    image_sub_path: "dir",
  });
});
