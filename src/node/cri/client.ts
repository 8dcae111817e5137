/**
 * CRI v1 over gRPC: one function per call, times out by itself, takes an AbortSignal where it may be long.
 *
 * @source k8s.io/cri-api runtime/v1; pkg/kubelet/cri/remote v1.36 (deadlines)
 */
import { connect, type Call, type CallOptions } from "./connection.ts";
import { criProto } from "./proto.ts";
import type * as t from "./types.ts";

const CALL_TIMEOUT_MS = 120_000;
/** Creating a sandbox runs the whole CNI chain. */
const SANDBOX_TIMEOUT_MS = 240_000;
const NO_TIMEOUT_MS = 24 * 3_600_000;

export interface StreamTarget {
  cmd?: string[];
  tty?: boolean;
  stdin?: boolean;
  stdout?: boolean;
  stderr?: boolean;
}

export interface ContainerFilter {
  id?: string;
  pod_sandbox_id?: string;
  label_selector?: t.Strings;
}

export interface Cri {
  readonly socket: string;
  version(options?: CallOptions): Promise<t.RuntimeVersion>;
  status(): Promise<t.RuntimeStatus>;
  runSandbox(config: t.SandboxConfig, runtimeHandler?: string): Promise<string>;
  stopSandbox(id: string): Promise<void>;
  removeSandbox(id: string): Promise<void>;
  sandboxStatus(id: string): Promise<t.SandboxStatus>;
  listSandboxes(labels?: t.Strings): Promise<t.Sandbox[]>;
  createContainer(sandboxId: string, config: t.ContainerConfig, sandboxConfig: t.SandboxConfig): Promise<string>;
  startContainer(id: string): Promise<void>;
  /** SIGTERM (or the image's own stop signal), then SIGKILL after `graceSeconds`. */
  stopContainer(id: string, graceSeconds: number, signal?: AbortSignal): Promise<void>;
  removeContainer(id: string): Promise<void>;
  listContainers(filter?: ContainerFilter): Promise<t.Container[]>;
  containerStatus(id: string): Promise<t.ContainerStatus>;
  updateResources(id: string, linux: t.LinuxResources): Promise<void>;
  reopenLog(id: string): Promise<void>;
  /** `timeoutMs` 0: no limit of its own. */
  execSync(id: string, cmd: string[], timeoutMs: number): Promise<t.ExecResult>;
  /** Each gives a URL of the runtime's streaming server, good for one connection. */
  exec(id: string, target: StreamTarget): Promise<string>;
  attach(id: string, target: StreamTarget): Promise<string>;
  portForward(sandboxId: string, ports: number[]): Promise<string>;
  listStats(filter?: ContainerFilter): Promise<t.ContainerStats[]>;
  setPodCidr(cidr: string): Promise<void>;
  listImages(): Promise<t.Image[]>;
  imageStatus(image: string): Promise<t.Image | undefined>;
  /** containerd only: the name of the image's uppermost layer among its snapshots. */
  imageChainId(image: string): Promise<string>;
  pullImage(image: string, auth?: t.AuthConfig, sandboxConfig?: t.SandboxConfig, signal?: AbortSignal): Promise<string>;
  removeImage(image: string): Promise<void>;
  imageFs(): Promise<t.FilesystemUsage[]>;
  close(): void;
}

/** Connects lazily to `unix://<socket>`; every call rejects with `CriError`. */
export function createCri(socket: string): Cri {
  const { call, close } = connect(socket, {
    proto: criProto,
    package: "runtime.v1",
    services: ["RuntimeService", "ImageService"],
  });
  return {
    socket,
    ...sandboxCalls(call),
    ...containerCalls(call),
    ...streamCalls(call),
    ...imageCalls(call),
    ...runtimeCalls(call),
    close,
  };
}

const sandboxCalls = (call: Call) => ({
  async runSandbox(config: t.SandboxConfig, runtimeHandler = "") {
    const request = { config, runtime_handler: runtimeHandler };
    return (await call<{ pod_sandbox_id: string }>("RunPodSandbox", request, { timeoutMs: SANDBOX_TIMEOUT_MS })).pod_sandbox_id;
  },
  async stopSandbox(id: string) {
    await call("StopPodSandbox", { pod_sandbox_id: id }, { timeoutMs: SANDBOX_TIMEOUT_MS });
  },
  async removeSandbox(id: string) {
    await call("RemovePodSandbox", { pod_sandbox_id: id });
  },
  async sandboxStatus(id: string) {
    return (await call<{ status: t.SandboxStatus }>("PodSandboxStatus", { pod_sandbox_id: id })).status;
  },
  async listSandboxes(labels?: t.Strings) {
    return (await call<{ items: t.Sandbox[] }>("ListPodSandbox", { filter: { label_selector: labels } })).items;
  },
});

const containerCalls = (call: Call) => ({
  async createContainer(sandboxId: string, config: t.ContainerConfig, sandboxConfig: t.SandboxConfig) {
    const envs = config.envs?.map(({ key, value }) => ({ key, value: Buffer.from(value as string) }));
    const request = { pod_sandbox_id: sandboxId, config: { ...config, envs }, sandbox_config: sandboxConfig };
    return (await call<{ container_id: string }>("CreateContainer", request)).container_id;
  },
  async startContainer(id: string) {
    await call("StartContainer", { container_id: id });
  },
  async stopContainer(id: string, graceSeconds: number, signal?: AbortSignal) {
    const timeoutMs = CALL_TIMEOUT_MS + graceSeconds * 1000;
    await call("StopContainer", { container_id: id, timeout: graceSeconds }, { timeoutMs, signal });
  },
  async removeContainer(id: string) {
    await call("RemoveContainer", { container_id: id });
  },
  async listContainers(filter: ContainerFilter = {}) {
    return (await call<{ containers: t.Container[] }>("ListContainers", { filter })).containers;
  },
  async containerStatus(id: string) {
    return (await call<{ status: t.ContainerStatus }>("ContainerStatus", { container_id: id })).status;
  },
  async updateResources(id: string, linux: t.LinuxResources) {
    await call("UpdateContainerResources", { container_id: id, linux });
  },
  async reopenLog(id: string) {
    await call("ReopenContainerLog", { container_id: id });
  },
  async listStats(filter: ContainerFilter = {}) {
    return (await call<{ stats: t.ContainerStats[] }>("ListContainerStats", { filter })).stats;
  },
});

const streamCalls = (call: Call) => ({
  async execSync(id: string, cmd: string[], timeoutMs: number): Promise<t.ExecResult> {
    // The runtime counts whole seconds and kills the process; the call itself waits a little longer.
    const timeout = Math.ceil(timeoutMs / 1000);
    const options = { timeoutMs: timeoutMs > 0 ? timeoutMs + 2_000 : NO_TIMEOUT_MS };
    return call("ExecSync", { container_id: id, cmd, timeout }, options);
  },
  async exec(id: string, target: StreamTarget) {
    return (await call<{ url: string }>("Exec", { container_id: id, ...target })).url;
  },
  async attach(id: string, target: StreamTarget) {
    return (await call<{ url: string }>("Attach", { container_id: id, ...target })).url;
  },
  async portForward(sandboxId: string, ports: number[]) {
    return (await call<{ url: string }>("PortForward", { pod_sandbox_id: sandboxId, port: ports })).url;
  },
});

const imageCalls = (call: Call) => ({
  async listImages() {
    return (await call<{ images: t.Image[] }>("ListImages", {})).images;
  },
  async imageStatus(image: string) {
    return (await call<{ image: t.Image | null }>("ImageStatus", { image: { image } })).image ?? undefined;
  },
  async imageChainId(image: string) {
    const { info } = await call<{ info: t.Strings }>("ImageStatus", { image: { image }, verbose: true });
    if (!info.info) throw new Error(`image ${image} is not there, or the runtime does not tell of its layers`);
    return (JSON.parse(info.info) as { chainID: string }).chainID;
  },
  async pullImage(image: string, auth?: t.AuthConfig, sandboxConfig?: t.SandboxConfig, signal?: AbortSignal) {
    const request = { image: { image, user_specified_image: image }, auth, sandbox_config: sandboxConfig };
    const options = { timeoutMs: NO_TIMEOUT_MS, signal };
    return (await call<{ image_ref: string }>("PullImage", request, options)).image_ref;
  },
  async removeImage(image: string) {
    await call("RemoveImage", { image: { image } });
  },
  async imageFs() {
    return (await call<{ image_filesystems: t.FilesystemUsage[] }>("ImageFsInfo", {})).image_filesystems;
  },
});

const runtimeCalls = (call: Call) => ({
  version: (options?: CallOptions) => call<t.RuntimeVersion>("Version", {}, { timeoutMs: 10_000, ...options }),
  async status(): Promise<t.RuntimeStatus> {
    const answer = await call<{ status: t.RuntimeStatus; runtime_handlers: { name: string }[]; info: t.Strings }>("Status", {});
    return { conditions: answer.status.conditions, handlers: answer.runtime_handlers, info: answer.info };
  },
  async setPodCidr(cidr: string) {
    await call("UpdateRuntimeConfig", { runtime_config: { network_config: { pod_cidr: cidr } } });
  },
});
