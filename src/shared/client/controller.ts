/**
 * The controller runtime: keys of changed objects go through a queue to `reconcile`, which reads caches and acts through the client.
 *
 * Level-triggered: a reconcile is told which object to look at, never what happened to it. It may run at any time, more than once, and never
 * twice at once for one key. What it throws is logged, and the key comes back later and later.
 */
import type { Kind } from "../api/kind.ts";
import type { KubeObject } from "../apimachinery/meta.ts";
import type { Logger } from "../lib/logger.ts";
import type { Clock, Random } from "../lib/platform.ts";
import type { EventRecorder } from "./events.ts";
import type { Expectations } from "./expectations.ts";
import type { Client, Indexer, Informer } from "./types.ts";

/** Nothing more to do, or: look again after a while, whatever happens. */
export interface Result {
  requeueAfterMs?: number;
}

export const done: Result = Object.freeze({});

/** Reads of the caches of all kinds a controller has named in `for`, `owns`, `watches`, `reads` or `indexes`. */
export interface Caches {
  get<T extends KubeObject>(kind: Kind<T>, key: string): T | undefined;
  list<T extends KubeObject>(kind: Kind<T>, namespace?: string): T[];
  byIndex<T extends KubeObject>(kind: Kind<T>, index: string, value: string): T[];
  /** Objects whose controller reference names this owner (by uid). */
  ownedBy<T extends KubeObject>(kind: Kind<T>, owner: { metadata: { uid: string } }): T[];
}

export interface ControllerContext<S = unknown> {
  client: Client;
  cache: Caches;
  events: EventRecorder;
  clock: Clock;
  random: Random;
  log: Logger;
  signal: AbortSignal;
  /** Keys to look at, beyond those that `for`, `owns` and `watches` bring. */
  queue: { add(key: string): void; addAfter(key: string, ms: number): void };
  /** Fed by the events of `owns`; keys are those of the owner. */
  expectations: Expectations;
  informer<T extends KubeObject>(kind: Kind<T>): Informer<T>;
  /** What `createState` returned: the only memory a controller has beside the caches. */
  state: S;
}

export interface WatchRule<S> {
  kind: Kind<any>;
  /** Keys to look at when this object changes; on an update called for the new and the old state. */
  keys(object: any, context: ControllerContext<S>): Iterable<string>;
  /** Which changes count; default all. `old` is absent on addition, `object` is the last state on deletion. */
  when?(object: any, old: any | undefined, deleted: boolean): boolean;
}

export interface IndexRule {
  kind: Kind<any>;
  name: string;
  indexer: Indexer<any>;
}

export interface ControllerDefinition<S = any> {
  name: string;
  /** Each change of an object of this kind brings its key. */
  for: Kind<any>;
  /** Which changes of `for` count; default all. */
  when?(object: any, old: any | undefined, deleted: boolean): boolean;
  /** Changes of these bring the key of their controller, if it is of kind `for`. */
  owns?: readonly Kind<any>[];
  watches?: readonly WatchRule<S>[];
  /** Kinds that are only read. */
  reads?: readonly Kind<any>[];
  indexes?: readonly IndexRule[];
  /** Reconciles at once; default 5. */
  workers?: number;
  createState?(context: Omit<ControllerContext<unknown>, "state">): S;
  /** Called once when all caches are in step, before the first reconcile; timers it starts end with `context.signal`. */
  started?(context: ControllerContext<S>): void;
  reconcile(key: string, context: ControllerContext<S>): Promise<Result | void>;
}

/** Only for types: gives `reconcile` its context's type. */
export function defineController<S = undefined>(definition: ControllerDefinition<S>): ControllerDefinition<S> {
  return definition;
}

/** A typed rule for `watches`. */
export function watching<T extends KubeObject, S = any>(
  kind: Kind<T>,
  keys: (object: T, context: ControllerContext<S>) => Iterable<string>,
  when?: (object: T, old: T | undefined, deleted: boolean) => boolean,
): WatchRule<S> {
  return { kind, keys, ...(when && { when }) };
}

/** A typed rule for `indexes`. */
export function indexing<T extends KubeObject>(kind: Kind<T>, name: string, indexer: Indexer<T>): IndexRule {
  return { kind, name, indexer };
}
