/**
 * The configuration of a containerd of our own: root, state, socket and CNI below the node's directories, so that it never meets another
 * one on the host. Pure text; `containerd.ts` writes and runs it.
 *
 * @source containerd 1.6 docs/cri/config.md, docs/hosts.md
 */
export interface ContainerdConfig {
  root: string;
  state: string;
  socket: string;
  cniConfDir: string;
  cniBinDir: string;
  sandboxImage: string;
  certsDir: string;
  /** Lowering an OOM score needs CAP_SYS_RESOURCE; without it every sandbox would fail. */
  restrictOomScoreAdj: boolean;
  /** `overlayfs`, or `native` where the root lies on an overlay itself. */
  snapshotter: "overlayfs" | "native";
}

const text = (value: string) => JSON.stringify(value);

export function containerdToml(config: ContainerdConfig): string {
  const cri = `plugins."io.containerd.grpc.v1.cri"`;
  return `version = 2
root = ${text(config.root)}
state = ${text(config.state)}
disabled_plugins = ["io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs"]

[grpc]
  address = ${text(config.socket)}

[debug]
  level = "warn"

[${cri}]
  sandbox_image = ${text(config.sandboxImage)}
  restrict_oom_score_adj = ${config.restrictOomScoreAdj}
  netns_mounts_under_state_dir = true
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"
  enable_unprivileged_ports = true
  enable_unprivileged_icmp = true

  [${cri}.cni]
    bin_dir = ${text(config.cniBinDir)}
    conf_dir = ${text(config.cniConfDir)}

  [${cri}.containerd]
    default_runtime_name = "runc"
    snapshotter = ${text(config.snapshotter)}

    [${cri}.containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"

      [${cri}.containerd.runtimes.runc.options]
        SystemdCgroup = false

  [${cri}.registry]
    config_path = ${text(config.certsDir)}
`;
}

/** Where the images of a registry host really come from: tried in order, before the registry itself. */
export function hostsToml(registry: string, mirrors: readonly string[]): string {
  const server = registry === "docker.io" ? "https://registry-1.docker.io" : registry === "_default" ? "" : `https://${registry}`;
  const hosts = mirrors.map((mirror) => {
    const url = mirror.includes("://") ? mirror : `https://${mirror}`;
    return `[host.${text(url)}]\n  capabilities = ["pull", "resolve"]\n`;
  });
  return [...(server ? [`server = ${text(server)}\n`] : []), ...hosts].join("\n");
}
