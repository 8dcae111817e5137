/**
 * CRI v1 messages as the client hands them out: field names of the protocol, every field present (zero, empty or null where the runtime
 * left it out), int64 as numbers (times are nanoseconds since the epoch, exact to a microsecond), enums by name.
 */
export type Strings = Record<string, string>;

export type ContainerState = "CONTAINER_CREATED" | "CONTAINER_RUNNING" | "CONTAINER_EXITED" | "CONTAINER_UNKNOWN";
export type SandboxState = "SANDBOX_READY" | "SANDBOX_NOTREADY";
export type NamespaceMode = "POD" | "CONTAINER" | "NODE" | "TARGET";

export interface ImageSpec {
  image: string;
  annotations?: Strings;
  user_specified_image?: string;
}

export interface Image {
  id: string;
  repo_tags: string[];
  repo_digests: string[];
  size: number;
  uid: { value: number } | null;
  username: string;
  pinned: boolean;
}

export interface SandboxMetadata {
  name: string;
  uid: string;
  namespace: string;
  attempt: number;
}

export interface Sandbox {
  id: string;
  metadata: SandboxMetadata;
  state: SandboxState;
  created_at: number;
  labels: Strings;
  annotations: Strings;
  runtime_handler: string;
}

export interface SandboxStatus extends Sandbox {
  network: { ip: string; additional_ips: { ip: string }[] } | null;
  linux: { namespaces: { options: NamespaceOption | null } | null } | null;
}

export interface Container {
  id: string;
  pod_sandbox_id: string;
  metadata: { name: string; attempt: number };
  image: ImageSpec | null;
  image_ref: string;
  state: ContainerState;
  created_at: number;
  labels: Strings;
  annotations: Strings;
}

export interface ContainerStatus {
  id: string;
  metadata: { name: string; attempt: number };
  state: ContainerState;
  created_at: number;
  started_at: number;
  finished_at: number;
  exit_code: number;
  image: ImageSpec | null;
  image_ref: string;
  image_id: string;
  reason: string;
  message: string;
  labels: Strings;
  annotations: Strings;
  mounts: Mount[];
  log_path: string;
  resources: { linux: LinuxResources | null } | null;
  user: { linux: { uid: number; gid: number; supplemental_groups: number[] } | null } | null;
}

export interface Mount {
  container_path: string;
  host_path: string;
  readonly?: boolean;
  selinux_relabel?: boolean;
  propagation?: "PROPAGATION_PRIVATE" | "PROPAGATION_HOST_TO_CONTAINER" | "PROPAGATION_BIDIRECTIONAL";
  recursive_read_only?: boolean;
  /** Instead of `host_path`, where the runtime can mount images. */
  image?: ImageSpec;
  image_sub_path?: string;
}

export interface LinuxResources {
  cpu_period?: number;
  cpu_quota?: number;
  cpu_shares?: number;
  memory_limit_in_bytes?: number;
  oom_score_adj?: number;
  cpuset_cpus?: string;
  cpuset_mems?: string;
  hugepage_limits?: { page_size: string; limit: number }[];
  unified?: Strings;
  memory_swap_limit_in_bytes?: number;
}

export interface NamespaceOption {
  network?: NamespaceMode;
  pid?: NamespaceMode;
  ipc?: NamespaceMode;
  target_id?: string;
}

export interface SecurityProfile {
  profile_type: "RuntimeDefault" | "Unconfined" | "Localhost";
  localhost_ref?: string;
}

export interface SandboxSecurityContext {
  namespace_options?: NamespaceOption;
  run_as_user?: { value: number };
  run_as_group?: { value: number };
  readonly_rootfs?: boolean;
  supplemental_groups?: number[];
  supplemental_groups_policy?: "Merge" | "Strict";
  privileged?: boolean;
  seccomp?: SecurityProfile;
  apparmor?: SecurityProfile;
}

export interface ContainerSecurityContext extends SandboxSecurityContext {
  capabilities?: { add_capabilities?: string[]; drop_capabilities?: string[] };
  run_as_username?: string;
  no_new_privs?: boolean;
  masked_paths?: string[];
  readonly_paths?: string[];
  selinux_options?: { user?: string; role?: string; type?: string; level?: string };
}

export interface PortMapping {
  protocol: "TCP" | "UDP" | "SCTP";
  container_port: number;
  host_port?: number;
  host_ip?: string;
}

export interface SandboxConfig {
  metadata: SandboxMetadata;
  hostname?: string;
  log_directory?: string;
  dns_config?: { servers: string[]; searches: string[]; options: string[] };
  port_mappings?: PortMapping[];
  labels?: Strings;
  annotations?: Strings;
  linux?: {
    cgroup_parent?: string;
    security_context?: SandboxSecurityContext;
    sysctls?: Strings;
    resources?: LinuxResources;
    overhead?: LinuxResources;
  };
}

export interface ContainerConfig {
  metadata: { name: string; attempt: number };
  image: ImageSpec;
  command?: string[];
  args?: string[];
  working_dir?: string;
  /** Values are bytes on the wire; UTF-8 text here. */
  envs?: { key: string; value: string | Uint8Array }[];
  mounts?: Mount[];
  devices?: { container_path: string; host_path: string; permissions: string }[];
  labels?: Strings;
  annotations?: Strings;
  /** Relative to the sandbox's log directory. */
  log_path?: string;
  stdin?: boolean;
  stdin_once?: boolean;
  tty?: boolean;
  linux?: { resources?: LinuxResources; security_context?: ContainerSecurityContext };
  stop_signal?: string;
}

export interface AuthConfig {
  username?: string;
  password?: string;
  auth?: string;
  server_address?: string;
  identity_token?: string;
  registry_token?: string;
}

type Value = { value: number } | null;

export interface ContainerStats {
  attributes: { id: string; metadata: { name: string; attempt: number }; labels: Strings; annotations: Strings };
  cpu: { timestamp: number; usage_core_nano_seconds: Value; usage_nano_cores: Value } | null;
  memory: {
    timestamp: number;
    working_set_bytes: Value;
    available_bytes: Value;
    usage_bytes: Value;
    rss_bytes: Value;
    page_faults: Value;
    major_page_faults: Value;
  } | null;
  writable_layer: FilesystemUsage | null;
}

export interface FilesystemUsage {
  timestamp: number;
  fs_id: { mountpoint: string } | null;
  used_bytes: Value;
  inodes_used: Value;
}

export interface ExecResult {
  stdout: Buffer;
  stderr: Buffer;
  exit_code: number;
}

export interface RuntimeVersion {
  version: string;
  runtime_name: string;
  runtime_version: string;
  runtime_api_version: string;
}

export interface RuntimeStatus {
  conditions: { type: string; status: boolean; reason: string; message: string }[];
  handlers: { name: string }[];
  info: Strings;
}
