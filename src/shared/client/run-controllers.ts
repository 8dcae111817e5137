/** Runs controllers over shared informers until the signal ends them. */
import type { Kind } from "../api/kind.ts";
import { isApiError, isConflict, isNotFound } from "../apimachinery/errors.ts";
import { keyOf, type KubeObject } from "../apimachinery/meta.ts";
import { invariant } from "../lib/invariant.ts";
import { silentLogger, type Logger } from "../lib/logger.ts";
import { realPlatform, type Platform } from "../lib/platform.ts";
import type { Caches, ControllerContext, ControllerDefinition, Result } from "./controller.ts";
import { createEventRecorder, type EventRecorder } from "./events.ts";
import { Expectations } from "./expectations.ts";
import { CONTROLLER_UID, controllerOf, controllerUid, refersTo } from "./owner.ts";
import type { Client, EventHandlers, Informer, InformerFactory } from "./types.ts";
import { WorkQueue } from "./work-queue.ts";

export interface RunControllersOptions {
  client: Client;
  /** A client with an identity of its own for each controller; default `client` for all. */
  clientFor?(controller: ControllerDefinition): Client;
  informers: InformerFactory;
  platform?: Platform;
  log?: Logger;
}

/**
 * Rest after quick work on a key, as a multiple of how long it took: a burst of events on a big object becomes few reconciles. Work that takes
 * longer has gathered its events while it ran.
 */
const REST_FACTOR = 2;
const QUICK_MS = 50;

/** Resolves when the signal is aborted and all work under way has ended. */
export async function runControllers(
  definitions: readonly ControllerDefinition[],
  options: RunControllersOptions,
  signal: AbortSignal,
): Promise<void> {
  const runners = definitions.map((definition) => new ControllerRunner(definition, options, signal));
  const stop = () => runners.forEach((runner) => runner.stop());
  if (signal.aborted) stop();
  else signal.addEventListener("abort", stop, { once: true });
  await options.informers.start(signal).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  if (!signal.aborted) for (const runner of runners) runner.start();
  await Promise.all(runners.map((runner) => runner.ended));
}

class ControllerRunner {
  readonly ended: Promise<void>;
  readonly #definition: ControllerDefinition;
  readonly #context: ControllerContext;
  readonly #queue: WorkQueue;
  readonly #events: EventRecorder;
  readonly #workers: number;
  #resolveEnded!: () => void;
  readonly #handlers: (() => void)[] = [];
  readonly #whenStarted: (() => void)[] = [];
  #active = 0;
  #running = false;

  constructor(definition: ControllerDefinition, options: RunControllersOptions, signal: AbortSignal) {
    const { platform = realPlatform, log = silentLogger } = options;
    const client = options.clientFor?.(definition) ?? options.client;
    this.#definition = definition;
    this.#workers = definition.workers ?? 5;
    this.#queue = new WorkQueue(platform.clock, () => this.#pump());
    this.#events = createEventRecorder({ client, component: definition.name, platform, log });
    const context = {
      client,
      cache: cachesOf(options.informers),
      events: this.#events,
      clock: platform.clock,
      random: platform.random,
      log,
      signal,
      queue: this.#queue,
      expectations: new Expectations(platform.clock),
      informer: <T extends KubeObject>(kind: Kind<T>) => options.informers.informer(kind),
    };
    this.#context = { ...context, state: definition.createState?.(context) };
    this.ended = new Promise((resolve) => (this.#resolveEnded = resolve));
    this.#subscribe(options.informers);
  }

  start(): void {
    this.#definition.started?.(this.#context);
    this.#running = true;
    for (const run of this.#whenStarted.splice(0)) run();
    this.#pump();
  }

  stop(): void {
    this.#running = false;
    for (const remove of this.#handlers.splice(0)) remove();
    this.#queue.close();
    this.#events.close();
    if (this.#active === 0) this.#resolveEnded();
  }

  #subscribe(informers: InformerFactory): void {
    const { for: main, owns = [], watches = [], reads = [], indexes = [], when } = this.#definition;
    const follow = <T extends KubeObject>(informer: Informer<T>, handlers: EventHandlers<T>) => {
      this.#handlers.push(informer.onEvent(handlers));
    };
    for (const kind of reads) informers.informer(kind);
    for (const { kind, name, indexer } of indexes) informers.informer(kind).addIndex(name, indexer);
    const bring = (object: KubeObject, old: KubeObject | undefined, deleted: boolean) => {
      if (when?.(object, old, deleted) ?? true) this.#queue.add(keyOf(object.metadata));
    };
    follow(informers.informer(main), handlersOf(bring));
    for (const kind of owns) {
      const informer = informers.informer(kind);
      informer.addIndex(CONTROLLER_UID, controllerUid);
      follow(informer, this.#ownedHandlers());
    }
    for (const rule of watches) {
      const bringAll = (object: KubeObject) => {
        for (const key of rule.keys(object, this.#context)) this.#queue.add(key);
      };
      const handler = (object: KubeObject, old: KubeObject | undefined, deleted: boolean) => {
        if (!this.#running || !(rule.when?.(object, old, deleted) ?? true)) return;
        bringAll(object);
        if (old) bringAll(old);
      };
      const informer = informers.informer(rule.kind);
      follow(informer, handlersOf(handler));
      // Rules may read any cache: until all are in step they wait, and then see everything that is there.
      this.#whenStarted.push(() => {
        for (const object of informer.cache.list()) handler(object, undefined, false);
      });
    }
  }

  #ownedHandlers(): EventHandlers<KubeObject> {
    const { expectations } = this.#context;
    return {
      added: (object) => {
        const owner = this.#ownerKey(object);
        if (!owner) return;
        if (object.metadata.deletionTimestamp) expectations.deletionSeen(owner, keyOf(object.metadata));
        else expectations.creationSeen(owner);
        this.#queue.add(owner);
      },
      updated: (object, old) => {
        const owner = this.#ownerKey(object);
        const before = this.#ownerKey(old);
        if (owner && object.metadata.deletionTimestamp) expectations.deletionSeen(owner, keyOf(object.metadata));
        if (owner) this.#queue.add(owner);
        if (before && before !== owner) this.#queue.add(before);
      },
      deleted: (object) => {
        const owner = this.#ownerKey(object);
        if (!owner) return;
        expectations.deletionSeen(owner, keyOf(object.metadata));
        this.#queue.add(owner);
      },
    };
  }

  #ownerKey(object: KubeObject): string | undefined {
    const controller = controllerOf(object);
    if (!controller || !refersTo(controller, this.#definition.for)) return undefined;
    return this.#definition.for.scope === "Namespaced" ? `${object.metadata.namespace}/${controller.name}` : controller.name;
  }

  #pump(): void {
    while (this.#running && this.#active < this.#workers) {
      const key = this.#queue.take();
      if (key === undefined) return;
      void this.#work(key);
    }
  }

  async #work(key: string): Promise<void> {
    this.#active++;
    const { clock } = this.#context;
    const began = clock.monotonic();
    try {
      this.#settle(key, await this.#definition.reconcile(key, this.#context));
    } catch (error) {
      this.#failed(key, error);
    }
    this.#active--;
    const took = clock.monotonic() - began;
    this.#queue.done(key, took < QUICK_MS ? took * REST_FACTOR : 0);
    if (this.#running) this.#pump();
    else if (this.#active === 0) this.#resolveEnded();
  }

  #settle(key: string, result: Result | void): void {
    this.#queue.forget(key);
    if (result?.requeueAfterMs !== undefined) this.#queue.addAfter(key, result.requeueAfterMs);
  }

  #failed(key: string, error: unknown): void {
    if (this.#context.signal.aborted) return;
    const requeueAfterMs = this.#queue.addRateLimited(key);
    const fields = {
      controller: this.#definition.name,
      key,
      requeueAfterMs,
      ...(isApiError(error) ? { error: error.message } : { err: error }),
    };
    // Both only say that the cache was behind: somebody else has changed or deleted the object.
    if (isConflict(error) || isNotFound(error)) this.#context.log.debug(fields, "reconcile came too late");
    else this.#context.log.warn(fields, "reconcile failed");
  }
}

function handlersOf(
  handler: (object: KubeObject, old: KubeObject | undefined, deleted: boolean) => void,
): EventHandlers<KubeObject> {
  return {
    added: (object) => handler(object, undefined, false),
    updated: (object, old) => handler(object, old, false),
    deleted: (object) => handler(object, undefined, true),
  };
}

/** Reads go to informers that exist already: asking for an unknown kind is a bug, since its cache would be empty. */
function cachesOf(informers: InformerFactory): Caches {
  const cache = <T extends KubeObject>(kind: Kind<T>) => {
    const informer = informers.informer(kind);
    invariant(informer.synced(), `the cache of ${kind.kind} is read but was not asked for`);
    return informer.cache;
  };
  return {
    get: (kind, key) => cache(kind).get(key),
    list: (kind, namespace) => cache(kind).list(namespace),
    byIndex: (kind, index, value) => cache(kind).byIndex(index, value),
    ownedBy: (kind, owner) => cache(kind).byIndex(CONTROLLER_UID, owner.metadata.uid),
  };
}
