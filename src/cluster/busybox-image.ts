/** Image content made of the machine's static busybox: the example's image, and `image build --busybox`. */
import { spawnSync } from "node:child_process";
import { buildImage, importImage, type Cri, type ImageDefinition, type ImageFile } from "../node/cri/index.ts";
import { fail } from "./failure.ts";

const BUSYBOX = "/bin/busybox";

/** A root file system with every busybox command, users, and the folders programs expect. */
export function busyboxFiles(): ImageFile[] {
  const applets = spawnSync(BUSYBOX, ["--list"], { encoding: "utf8" });
  if (applets.status !== 0) fail(`${BUSYBOX} does not run: is the Debian package busybox-static installed?`);
  return [
    ...["/bin", "/etc", "/dev", "/proc", "/sys", "/home", "/root", "/var", "/usr/bin"].map((path) => ({ path, directory: true })),
    { path: "/tmp", directory: true, mode: 0o1777 },
    { path: "/bin/busybox", from: BUSYBOX, mode: 0o755 },
    ...applets.stdout
      .split("\n")
      .filter((name) => name && name !== "busybox")
      .map((name) => ({ path: `/bin/${name}`, link: "busybox" })),
    { path: "/etc/passwd", content: "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n" },
    { path: "/etc/group", content: "root:x:0:\nnogroup:x:65534:\n" },
  ];
}

/** Answers every request with who it is, on port 8080. */
const SERVE = `#!/bin/sh
mkdir -p /tmp/www
echo "\${GREETING:-Hello} from $(hostname)\${NODE:+ on $NODE} (VERSION)" > /tmp/www/index.html
trap 'exit 0' TERM
httpd -f -p 8080 -h /tmp/www & wait $!
`;

/** Imports the example's images where they are not there yet. */
export async function ensureHelloImages(cri: Cri): Promise<void> {
  for (const image of helloImages())
    if (!(await cri.imageStatus(image.tag))) await importImage(cri.socket, await buildImage(image));
}

/** `knarr.local/hello:v1` and `:v2`, the image of examples/hello. */
function helloImages(): ImageDefinition[] {
  const files = busyboxFiles();
  return ["v1", "v2"].map((version) => ({
    tag: `knarr.local/hello:${version}`,
    files: [...files, { path: "/bin/serve", content: SERVE.replace("VERSION", version), mode: 0o755 }],
    cmd: ["/bin/serve"],
    env: { PATH: "/bin:/usr/bin" },
    exposedPorts: ["8080/tcp"],
  }));
}
