/** Records what happened to an object as an Event, as `kubectl describe` shows it. Never fails and never waits: telling is not the work. */
import { Event } from "../api/core/event.ts";
import { isAlreadyExists, isApiError, isNotFound } from "../apimachinery/errors.ts";
import type { ObjectMeta } from "../apimachinery/meta.ts";
import { silentLogger, type Logger } from "../lib/logger.ts";
import { formatTime, realPlatform, sleep, type Platform } from "../lib/platform.ts";
import { EventCorrelator } from "./event-correlator.ts";
import type { Client } from "./types.ts";

export type EventType = "Normal" | "Warning";

/** The object an event is about; any API object fits. `fieldPath` names a part, e.g. `spec.containers{web}`. */
export interface EventSubject {
  apiVersion?: string;
  kind?: string;
  metadata: Partial<Pick<ObjectMeta, "name" | "namespace" | "uid" | "resourceVersion">>;
  fieldPath?: string;
}

export interface EventRecorder {
  event(subject: EventSubject, type: EventType, reason: string, message: string): void;
  /** Resolves when everything recorded so far is stored or given up. */
  flush(): Promise<void>;
  close(): void;
}

export interface EventRecorderOptions {
  client: Client;
  /** Shown as the event's source, e.g. `replicaset-controller`. */
  component: string;
  /** Node name, for a component of a node. */
  host?: string;
  platform?: Platform;
  log?: Logger;
}

/** Beyond this events are dropped: telling may fall behind, but not without end. */
const MAX_PENDING = 10_000;
/** So few at a time that a burst of events (a large rollout) does not take the server from those who work. */
const PARALLEL_WRITES = 4;
const TRIES = 12;
const RETRY_MS = 10_000;
const MAX_MESSAGE = 1024;

export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  return new Recorder(options);
}

class Recorder implements EventRecorder {
  readonly #client: Client;
  readonly #source: { component: string; host?: string };
  readonly #platform: Platform;
  readonly #log: Logger;
  readonly #correlator = new EventCorrelator();
  readonly #abort = new AbortController();
  /** The last write of each correlation key: writes of one event keep their order. */
  readonly #chains = new Map<string, Promise<void>>();
  #writing = 0;
  readonly #turns: (() => void)[] = [];
  #names = 0;

  constructor({ client, component, host, platform = realPlatform, log = silentLogger }: EventRecorderOptions) {
    this.#client = client;
    this.#source = { component, ...(host && { host }) };
    this.#platform = platform;
    this.#log = log;
  }

  event(subject: EventSubject, type: EventType, reason: string, text: string): void {
    if (this.#abort.signal.aborted || this.#chains.size >= MAX_PENDING) return;
    const now = this.#platform.clock.now();
    const about = involvedObject(subject);
    const message = text.length > MAX_MESSAGE ? `${text.slice(0, MAX_MESSAGE - 3)}...` : text;
    const id = `${about.kind}/${about.namespace}/${about.name}/${about.uid}/${about.fieldPath ?? ""}`;
    const verdict = this.#correlator.judge({ subject: id, type, reason, message }, now);
    if (!verdict) return;
    const told = { about, type, reason, message: verdict.message, at: formatTime(now) };
    const write = () => this.#inTurn(() => this.#store(verdict.key, told));
    const chain = (this.#chains.get(verdict.key) ?? Promise.resolve()).then(write).catch((error: unknown) => {
      if (!this.#abort.signal.aborted) this.#log.warn({ err: error, reason }, "an event could not be stored");
    });
    this.#chains.set(verdict.key, chain);
    void chain.then(() => {
      if (this.#chains.get(verdict.key) === chain) this.#chains.delete(verdict.key);
    });
  }

  async flush(): Promise<void> {
    while (this.#chains.size) await Promise.all(this.#chains.values());
  }

  close(): void {
    this.#abort.abort();
  }

  async #inTurn(write: () => Promise<void>): Promise<void> {
    if (this.#writing < PARALLEL_WRITES) this.#writing++;
    else await new Promise<void>((resolve) => this.#turns.push(resolve));
    try {
      await write();
    } finally {
      const next = this.#turns.shift();
      if (next) next();
      else this.#writing--;
    }
  }

  async #store(key: string, told: Told): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#write(key, told);
      } catch (error) {
        // The server said no: it will say so again. No answer: it may be back soon.
        if (isApiError(error) || tries === TRIES) throw error;
        await sleep(this.#platform.clock, RETRY_MS, this.#abort.signal);
      }
    }
  }

  async #write(key: string, told: Told): Promise<void> {
    const previous = this.#correlator.stored(key);
    if (previous) {
      const count = previous.count + 1;
      try {
        await this.#client.patch(Event, previous, "strategic", { count, lastTimestamp: told.at, message: told.message });
        return this.#correlator.remember(key, { ...previous, count });
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    }
    await this.#create(key, told);
  }

  async #create(key: string, { about, type, reason, message, at }: Told): Promise<void> {
    const namespace = about.namespace || "default";
    const name = `${about.name}.${this.#suffix()}`;
    try {
      await this.#client.create(Event, {
        metadata: { name, namespace },
        involvedObject: about,
        reason,
        message,
        source: this.#source,
        firstTimestamp: at,
        lastTimestamp: at,
        count: 1,
        type,
        reportingComponent: this.#source.component,
        reportingInstance: this.#source.host ?? "",
      });
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
    this.#correlator.remember(key, { name, namespace, count: 1 });
  }

  /** Hexadecimal nanoseconds, unique within this recorder. */
  #suffix(): string {
    const { clock, random } = this.#platform;
    const within = Math.trunc(random.next() * 900_000) + (this.#names++ % 100_000);
    return (BigInt(Math.trunc(clock.now())) * 1_000_000n + BigInt(within)).toString(16);
  }
}

interface Told {
  about: ReturnType<typeof involvedObject>;
  type: EventType;
  reason: string;
  message: string;
  at: string;
}

function involvedObject({ apiVersion, kind, metadata, fieldPath }: EventSubject) {
  const { namespace, name, uid, resourceVersion } = metadata;
  return {
    ...(kind && { kind }),
    ...(namespace && { namespace }),
    ...(name && { name }),
    ...(uid && { uid }),
    ...(apiVersion && { apiVersion }),
    ...(resourceVersion && { resourceVersion }),
    ...(fieldPath && { fieldPath }),
  };
}
