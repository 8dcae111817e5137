import { expect, test } from "vitest";
import { containerdToml, hostsToml } from "./containerd-config.ts";
import { buildImage } from "./image-build.ts";
import { pauseElf } from "./pause-elf.ts";
import { parseProto } from "./proto-text.ts";
import { criProto } from "./proto.ts";

test("the protocol text is read into descriptors, with maps, lists, nested enums and methods", () => {
  const { nested } = parseProto(criProto, "runtime.v1") as any;
  const types = nested.runtime.nested.v1.nested;
  expect(types.ContainerConfig.fields.envs).toEqual({ type: "KeyValue", id: 6, rule: "repeated" });
  expect(types.PodSandboxConfig.fields.labels).toEqual({ type: "string", id: 6, keyType: "string" });
  expect(types.SecurityProfile.nested.ProfileType.values).toEqual({ RuntimeDefault: 0, Unconfined: 1, Localhost: 2 });
  expect(types.RuntimeService.methods.GetContainerEvents.responseStream).toBe(true);
  expect(types.ImageService.methods.PullImage).toEqual({ requestType: "PullImageRequest", responseType: "PullImageResponse" });
});

test("the same files give the same image", async () => {
  const image = { tag: "localhost/x:1", files: [{ path: "/a/b", content: "hello" }], entrypoint: ["/a/b"] };
  const [first, second] = await Promise.all([buildImage(image), buildImage(image)]);
  expect(first.equals(second)).toBe(true);
  expect(first.includes('"io.containerd.image.name":"localhost/x:1"')).toBe(true);
});

test("the pause program is a small ELF executable of the architecture", () => {
  for (const [architecture, machine] of [
    ["amd64", 62],
    ["arm64", 183],
  ] as const) {
    const elf = pauseElf(architecture);
    expect(elf.subarray(0, 4).toString("latin1")).toBe("\x7fELF");
    expect(elf.readUInt16LE(18)).toBe(machine);
    expect(elf.length).toBeLessThan(256);
  }
});

test("mirrors come before the registry itself", () => {
  expect(hostsToml("docker.io", ["http://mirror:5000"])).toBe(
    'server = "https://registry-1.docker.io"\n\n[host."http://mirror:5000"]\n  capabilities = ["pull", "resolve"]\n',
  );
  expect(hostsToml("_default", ["mirror"])).not.toContain("server");
});

test("paths are quoted", () => {
  const paths = { root: '/a "b"', state: "/s", socket: "/s.sock", cniConfDir: "/c", cniBinDir: "/d", certsDir: "/e" };
  const config = { ...paths, sandboxImage: "p", restrictOomScoreAdj: true, snapshotter: "native" } as const;
  expect(containerdToml(config)).toContain('root = "/a \\"b\\""');
});
