/**
 * The kubelet's view of the runtime: two list calls tell which pods changed; details are asked for only where a container or sandbox
 * entered a state that was not seen before, and kept.
 *
 * containerd 1.6 sends no container events over CRI, so this is also how the kubelet learns that a container ended.
 */
import type * as cri from "../../cri/index.ts";
import { isCriNotFound } from "../../cri/index.ts";
import { CONTAINER_NAME, POD_NAME, POD_NAMESPACE, POD_UID, readContainerNotes } from "./labels.ts";
import { terminationMessage } from "./termination-message.ts";
import { emptyRuntimePod, type RunState, type RuntimeContainer, type RuntimePod, type RuntimeSandbox } from "./types.ts";

const NS_PER_MS = 1_000_000;

const states: Record<cri.ContainerState, RunState> = {
  CONTAINER_CREATED: "created",
  CONTAINER_RUNNING: "running",
  CONTAINER_EXITED: "exited",
  CONTAINER_UNKNOWN: "unknown",
};

interface Listed {
  sandboxes: cri.Sandbox[];
  containers: cri.Container[];
}

export class RuntimeView {
  readonly #cri: cri.Cri;
  readonly #pods = new Map<string, RuntimePod>();
  /** By id and state: entering a state is what changes details. */
  readonly #containers = new Map<string, RuntimeContainer>();
  readonly #sandboxes = new Map<string, RuntimeSandbox>();
  readonly #signatures = new Map<string, string>();

  constructor(runtime: cri.Cri) {
    this.#cri = runtime;
  }

  get(uid: string): RuntimePod {
    return this.#pods.get(uid) ?? emptyRuntimePod(uid);
  }

  uids(): string[] {
    return [...this.#pods.keys()];
  }

  /** Looks at everything; resolves with the uids of pods that are not as they were. */
  async relist(): Promise<string[]> {
    const [sandboxes, containers] = await Promise.all([this.#cri.listSandboxes(), this.#cri.listContainers()]);
    const listed = groupByPod(sandboxes, containers);
    const changed = [...new Set([...this.#pods.keys(), ...listed.keys()])].filter(
      (uid) => signature(listed.get(uid)) !== this.#signatures.get(uid),
    );
    await Promise.all(changed.map((uid) => this.#observe(uid, listed.get(uid))));
    return changed;
  }

  /** Looks at one pod now. */
  async refresh(uid: string): Promise<RuntimePod> {
    const label_selector = { [POD_UID]: uid };
    const [sandboxes, containers] = await Promise.all([
      this.#cri.listSandboxes(label_selector),
      this.#cri.listContainers({ label_selector }),
    ]);
    await this.#observe(uid, groupByPod(sandboxes, containers).get(uid));
    return this.get(uid);
  }

  /** Details of a container that was changed in place are asked for again. */
  forget(containerId: string): void {
    for (const state of Object.values(states)) this.#containers.delete(containerId + state);
  }

  async #observe(uid: string, listed: Listed | undefined): Promise<void> {
    const before = this.#pods.get(uid);
    if (!listed) {
      this.#pods.delete(uid);
      this.#signatures.delete(uid);
    } else {
      const sandboxes = await Promise.all(listed.sandboxes.map((sandbox) => this.#sandbox(sandbox)));
      const containers = await Promise.all(listed.containers.map((container) => this.#container(container)));
      const { labels } = listed.sandboxes[0] ?? listed.containers[0]!;
      this.#signatures.set(uid, signature(listed)!);
      this.#pods.set(uid, {
        ...emptyRuntimePod(uid, labels[POD_NAME], labels[POD_NAMESPACE]),
        sandboxes: newestFirst(sandboxes),
        containers: newestFirst(containers),
      });
    }
    this.#prune(before, this.#pods.get(uid));
  }

  #prune(before: RuntimePod | undefined, now: RuntimePod | undefined): void {
    const kept = new Set([...(now?.containers ?? []), ...(now?.sandboxes ?? [])].map(({ id }) => id));
    for (const { id } of before?.containers ?? []) if (!kept.has(id)) this.forget(id);
    for (const { id } of before?.sandboxes ?? []) {
      if (kept.has(id)) continue;
      this.#sandboxes.delete(`${id}SANDBOX_READY`);
      this.#sandboxes.delete(`${id}SANDBOX_NOTREADY`);
    }
  }

  async #sandbox(listed: cri.Sandbox): Promise<RuntimeSandbox | undefined> {
    const key = listed.id + listed.state;
    let sandbox = this.#sandboxes.get(key);
    if (!sandbox) {
      const status = await unlessGone(this.#cri.sandboxStatus(listed.id));
      if (!status) return undefined;
      sandbox = toSandbox(status);
      this.#sandboxes.set(key, sandbox);
    }
    return sandbox;
  }

  async #container(listed: cri.Container): Promise<RuntimeContainer | undefined> {
    const key = listed.id + states[listed.state];
    let container = this.#containers.get(key);
    if (!container) {
      const status = await unlessGone(this.#cri.containerStatus(listed.id));
      if (!status) return undefined;
      container = await toContainer(status, listed.pod_sandbox_id);
      this.#containers.set(listed.id + container.state, container);
    }
    return container;
  }
}

function groupByPod(sandboxes: readonly cri.Sandbox[], containers: readonly cri.Container[]): Map<string, Listed> {
  const pods = new Map<string, Listed>();
  const of = (uid: string) => {
    let pod = pods.get(uid);
    if (!pod) pods.set(uid, (pod = { sandboxes: [], containers: [] }));
    return pod;
  };
  for (const sandbox of sandboxes) if (sandbox.labels[POD_UID]) of(sandbox.labels[POD_UID]).sandboxes.push(sandbox);
  for (const container of containers) if (container.labels[POD_UID]) of(container.labels[POD_UID]).containers.push(container);
  return pods;
}

/** Changes exactly when a sandbox or container came, went or changed its state. */
function signature(listed: Listed | undefined): string | undefined {
  if (!listed) return undefined;
  return [...listed.sandboxes, ...listed.containers]
    .map(({ id, state }) => `${id} ${state}`)
    .sort()
    .join();
}

function newestFirst<T extends { createdAt: number }>(items: readonly (T | undefined)[]): T[] {
  return items.filter((item) => item !== undefined).sort((a, b) => b.createdAt - a.createdAt);
}

async function unlessGone<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isCriNotFound(error)) return undefined;
    throw error;
  }
}

function toSandbox(status: cri.SandboxStatus): RuntimeSandbox {
  const network = status.linux?.namespaces?.options?.network ?? "POD";
  const ips = status.network ? [status.network.ip, ...status.network.additional_ips.map(({ ip }) => ip)].filter(Boolean) : [];
  return {
    id: status.id,
    attempt: status.metadata.attempt,
    ready: status.state === "SANDBOX_READY",
    createdAt: status.created_at / NS_PER_MS,
    network,
    ips,
  };
}

async function toContainer(status: cri.ContainerStatus, sandboxId: string): Promise<RuntimeContainer> {
  const notes = readContainerNotes(status.annotations);
  const state = states[status.state];
  const user = status.user?.linux;
  return {
    id: status.id,
    name: status.labels[CONTAINER_NAME] ?? status.metadata.name,
    sandboxId,
    state,
    createdAt: status.created_at / NS_PER_MS,
    startedAt: status.started_at / NS_PER_MS,
    finishedAt: status.finished_at / NS_PER_MS,
    exitCode: status.exit_code,
    reason: status.reason,
    message: state === "exited" ? await terminationMessage(status, notes) : status.message,
    image: status.image?.user_specified_image || status.image?.image || "",
    imageRef: status.image_ref,
    notes,
    logPath: status.log_path,
    ...(status.resources?.linux && { resources: status.resources.linux }),
    ...(user && { user: { uid: user.uid, gid: user.gid, supplementalGroups: user.supplemental_groups } }),
  };
}
