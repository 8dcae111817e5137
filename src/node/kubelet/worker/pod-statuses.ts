/**
 * Brings computed pod statuses to the API server: the newest one of each pod, one request at a time, repeated until it is there.
 *
 * @source pkg/kubelet/status/status_manager.go v1.36
 */
import { Pod } from "../../../shared/api/core/pod.ts";
import type { PodStatus } from "../../../shared/api/generated/core-v1.ts";
import { isConflict, isInvalid, isNotFound } from "../../../shared/apimachinery/errors.ts";
import type { Client } from "../../../shared/client/index.ts";
import type { Logger } from "../../../shared/lib/logger.ts";
import { pause, type Clock } from "../../../shared/lib/platform.ts";
import { KUBELET_CONDITIONS } from "../pod/conditions.ts";

const RETRY_MS = 1_000;
const MAX_RETRY_MS = 30_000;

interface Entry {
  pod: Pod;
  wanted: PodStatus;
  /** What the API server has, as far as known. */
  sent: PodStatus;
  writing: Promise<void> | undefined;
}

export class PodStatuses {
  readonly #client: Client;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();
  readonly #abort = new AbortController();

  constructor({ client, log, clock }: { client: Client; log: Logger; clock: Clock }) {
    this.#client = client;
    this.#log = log;
    this.#clock = clock;
  }

  get(uid: string): PodStatus | undefined {
    return this.#entries.get(uid)?.wanted;
  }

  /** Notes the status and begins to send it; does not wait. */
  set(pod: Pod, status: PodStatus): void {
    const uid = pod.metadata.uid!;
    let entry = this.#entries.get(uid);
    if (!entry) this.#entries.set(uid, (entry = { pod, wanted: status, sent: pod.status ?? {}, writing: undefined }));
    entry.pod = pod;
    entry.wanted = status;
    entry.writing ??= this.#write(entry).finally(() => (entry.writing = undefined));
  }

  /** Resolves when the API server has the newest status, or the pod is gone there. */
  async flush(uid: string): Promise<void> {
    await this.#entries.get(uid)?.writing;
  }

  forget(uid: string): void {
    this.#entries.delete(uid);
  }

  close(): void {
    this.#abort.abort();
  }

  async #write(entry: Entry): Promise<void> {
    for (let failures = 0; !this.#abort.signal.aborted;) {
      const { wanted, pod } = entry;
      const changes = statusPatch(entry.sent, wanted);
      if (!changes) return;
      try {
        const patch = { metadata: { uid: pod.metadata.uid }, status: changes };
        const answer = await this.#client.patch(Pod, pod.metadata as { name: string }, "strategic", patch, {
          subresource: "status",
        });
        entry.sent = answer.status;
        if (entry.wanted === wanted) return;
        failures = 0;
      } catch (error) {
        if (this.#abort.signal.aborted || isNotFound(error) || isConflict(error)) return;
        this.#log.warn(
          { err: error, pod: pod.metadata.name, namespace: pod.metadata.namespace },
          "a pod's status could not be written",
        );
        if (isInvalid(error)) return;
        const wait = Math.min(RETRY_MS * 2 ** failures++, MAX_RETRY_MS);
        await pause(this.#clock, wait, this.#abort.signal);
      }
    }
  }
}

/** A strategic merge patch of what differs; undefined: nothing. Conditions of others are left alone. */
export function statusPatch(from: PodStatus, to: PodStatus): Record<string, unknown> | undefined {
  const patch: Record<string, unknown> = {};
  for (const key of new Set([...Object.keys(from), ...Object.keys(to)]) as Set<keyof PodStatus>) {
    if (!OWNED.has(key)) continue;
    if (key === "conditions") {
      const changed = changedConditions(from, to);
      if (changed.length > 0) patch.conditions = changed;
    } else if (JSON.stringify(from[key]) !== JSON.stringify(to[key])) {
      const merged = key === "podIPs" || key === "hostIPs";
      patch[key] = to[key] === undefined ? null : merged ? [{ $patch: "replace" }, ...(to[key] as object[])] : to[key];
    }
  }
  return Object.keys(patch).length > 0 ? patch : undefined;
}

/** The fields that the kubelet writes. */
const OWNED: ReadonlySet<keyof PodStatus> = new Set([
  "observedGeneration",
  "phase",
  "conditions",
  "message",
  "reason",
  "hostIP",
  "hostIPs",
  "podIP",
  "podIPs",
  "startTime",
  "initContainerStatuses",
  "containerStatuses",
  "ephemeralContainerStatuses",
  "qosClass",
  "allocatedResources",
  "resources",
]);

const CONDITION_FIELDS = ["status", "reason", "message", "observedGeneration", "lastTransitionTime"] as const;

function changedConditions(from: PodStatus, to: PodStatus): Record<string, unknown>[] {
  const ended = (from.conditions ?? []).filter(
    ({ type }) => KUBELET_CONDITIONS.has(type) && !to.conditions?.some((c) => c.type === type),
  );
  return [...ended.map(({ type }) => ({ $patch: "delete", type })), ...alteredConditions(from, to)];
}

function alteredConditions(from: PodStatus, to: PodStatus): Record<string, unknown>[] {
  return (to.conditions ?? []).flatMap((condition) => {
    if (!KUBELET_CONDITIONS.has(condition.type) && condition.type !== "DisruptionTarget") return [];
    const before = from.conditions?.find(({ type }) => type === condition.type);
    if (before && CONDITION_FIELDS.every((field) => before[field] === condition[field])) return [];
    // Conditions are merged field by field: what is not there any more has to be said.
    const gone = CONDITION_FIELDS.filter((field) => before?.[field] !== undefined && condition[field] === undefined);
    return [{ ...condition, ...Object.fromEntries(gone.map((field) => [field, null])) }];
  });
}
