/**
 * CRI v1 over gRPC: one function per call, times out by itself, takes an AbortSignal where it may be long.
 *
 * @source k8s.io/cri-api runtime/v1; pkg/kubelet/cri/remote v1.36 (deadlines)
 */
import grpc from "@grpc/grpc-js";
import { fromJSON } from "@grpc/proto-loader";
import { realClock } from "../../shared/lib/platform.ts";
import { parseProto } from "./proto-text.ts";
import { criProto } from "./proto.ts";
import type * as t from "./types.ts";

const MESSAGE_LIMIT = 16 * 1024 * 1024;
const CALL_TIMEOUT_MS = 120_000;
/** Creating a sandbox runs the whole CNI chain. */
const SANDBOX_TIMEOUT_MS = 240_000;
const NO_TIMEOUT_MS = 24 * 3_600_000;

export interface CallOptions {
  timeoutMs?: number;
  signal?: AbortSignal;
}

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
  pullImage(image: string, auth?: t.AuthConfig, sandboxConfig?: t.SandboxConfig, signal?: AbortSignal): Promise<string>;
  removeImage(image: string): Promise<void>;
  imageFs(): Promise<t.FilesystemUsage[]>;
  close(): void;
}

/** A gRPC status; read through the predicates below. */
export class CriError extends Error {
  readonly code: number;
  readonly method: string;
  constructor(method: string, code: number, details: string) {
    super(details);
    this.name = "CriError";
    this.method = method;
    this.code = code;
  }
}

export const isCriNotFound = (error: unknown): boolean => error instanceof CriError && error.code === grpc.status.NOT_FOUND;
export const isCriTimeout = (error: unknown): boolean =>
  error instanceof CriError && error.code === grpc.status.DEADLINE_EXCEEDED;

type Call = <R>(method: string, request: object, options?: CallOptions) => Promise<R>;

/** Connects lazily to `unix://<socket>`; every call rejects with `CriError`. */
export function createCri(socket: string): Cri {
  const { call, close } = connect(socket);
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

function connect(socket: string): { call: Call; close(): void } {
  const definition = fromJSON(parseProto(criProto, "runtime.v1"), {
    keepCase: true,
    longs: Number,
    enums: String,
    defaults: true,
  });
  const options = {
    "grpc.max_receive_message_length": MESSAGE_LIMIT,
    "grpc.max_send_message_length": MESSAGE_LIMIT,
    // A restarted runtime is found again at once, not after a minute.
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 1000,
    "grpc.enable_retries": 0,
    "grpc.default_authority": "localhost",
  };
  const service = {
    ...definition["runtime.v1.RuntimeService"],
    ...definition["runtime.v1.ImageService"],
  } as grpc.ServiceDefinition;
  const Client = grpc.makeGenericClientConstructor(service, "cri");
  const client = new Client(`unix://${socket}`, grpc.credentials.createInsecure(), options);
  const call: Call = (method, request, { timeoutMs = CALL_TIMEOUT_MS, signal } = {}) => {
    const { path, requestSerialize, responseDeserialize } = service[method]!;
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const deadline = realClock.now() + timeoutMs;
      const stop = () => running.cancel();
      const running = client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        { deadline },
        (error, answer) => {
          signal?.removeEventListener("abort", stop);
          if (error) reject(new CriError(method, error.code, error.details || error.message));
          else resolve(answer);
        },
      );
      signal?.addEventListener("abort", stop, { once: true });
    });
  };
  return { call, close: () => client.close() };
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
