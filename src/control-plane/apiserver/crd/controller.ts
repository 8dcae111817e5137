/**
 * Definitions to resources: what is Established is served, in the same table and by the same code as any built-in kind.
 *
 * The table follows the watch cache at once, synchronously; names, conditions and clean-up are written back by a queue of one worker.
 */
import { CustomResourceDefinition } from "../../../shared/api/index.ts";
import type { Kind } from "../../../shared/api/kind.ts";
import { decodeValue } from "../../../shared/apimachinery/decode.ts";
import { isConflict, isNotFound } from "../../../shared/apimachinery/errors.ts";
import type { KubeObject } from "../../../shared/apimachinery/meta.ts";
import { deepCopy, deepEqual } from "../../../shared/apimachinery/patch/index.ts";
import type { Client } from "../../../shared/client/types.ts";
import type { Core } from "../core.ts";
import type { Convert, Resource, ResourceDefinition } from "../registry/resources.ts";
import { CLEANUP, decide, isTrue, settle } from "./conditions.ts";
import { conversionOf, isByWebhook, isUsableBundle } from "./conversion.ts";
import { customKind } from "./kind.ts";

type Definition = CustomResourceDefinition;

export interface CustomResources {
  close(): void;
}

/** What a served definition was made of: it is made anew when one of them changes. */
interface Serving {
  spec: unknown;
  names: unknown;
  closing: boolean;
  resource: Resource;
}

const RETRY_MS = 1000;

/** Serves what the store has already, then follows every change. */
export function serveCustomResources(core: Core): CustomResources {
  const { cache } = core.resources.of(CustomResourceDefinition).resource;
  const serving = new Map<string, Serving>();
  const client = core.context.client();
  const queued = new Set<string>();
  const removing = new Set<string>();
  let working = false;
  let closed = false;
  cache.keepObjects = true;

  const definition = (name: string) => cache.get(cache.prefix + name)?.object as Definition | undefined;
  const ofGroup = (group: string, except: string) =>
    [...cache.values()]
      .map((entry) => entry.object as Definition)
      .filter((d) => d.spec.group === group && d.metadata.name !== except);

  function follow(name: string, gone?: Definition): void {
    const now = gone ? undefined : definition(name);
    const was = serving.get(name);
    if (!now || !isTrue(now, "Established")) {
      if (was) core.resources.remove(was.resource.storage.kind.group, was.resource.storage.kind.plural);
      serving.delete(name);
    } else {
      const made = { spec: now.spec, names: now.status.acceptedNames, closing: now.metadata.deletionTimestamp !== undefined };
      if (!was || !deepEqual({ ...was, resource: undefined }, { ...made, resource: undefined }))
        serving.set(name, { ...made, resource: core.resources.define(resourceOf(core, now)) });
    }
    const group = (now ?? gone)?.spec.group;
    if (gone && group) for (const other of ofGroup(group, name)) enqueue(other.metadata.name);
    if (now) enqueue(name);
  }

  function enqueue(name: string): void {
    queued.add(name);
    if (working || closed) return;
    working = true;
    void work().finally(() => (working = false));
  }

  async function work(): Promise<void> {
    for (const name of queued) {
      if (closed) return;
      queued.delete(name);
      try {
        await sync(name);
      } catch (error) {
        if (closed || isConflict(error) || isNotFound(error)) continue;
        core.report(error);
        core.platform.clock.after(RETRY_MS, () => enqueue(name));
      }
    }
  }

  /** Beside the queue, since objects may take their time to go. */
  function remove(crd: Definition): void {
    const { name, uid } = crd.metadata;
    if (removing.has(uid)) return;
    removing.add(uid);
    void cleanUp(core, client, deepCopy(crd), serving.get(name)?.resource)
      .catch((error: unknown) => {
        if (!closed && !isConflict(error) && !isNotFound(error)) core.report(error);
      })
      .finally(() => {
        removing.delete(uid);
        if (definition(name)?.metadata.uid === uid) core.platform.clock.after(RETRY_MS, () => enqueue(name));
      });
  }

  async function sync(name: string): Promise<void> {
    const now = definition(name);
    if (!now) return;
    if (now.metadata.deletionTimestamp) {
      if (now.metadata.finalizers?.includes(CLEANUP)) remove(now);
      return;
    }
    const next = deepCopy(now);
    settle(next, ofGroup(now.spec.group, name), isUsableBundle(now), core.context.now());
    if (deepEqual(now.status, next.status)) return;
    await client.updateStatus(CustomResourceDefinition, next, { fieldManager: "kube-apiserver" });
    for (const other of ofGroup(now.spec.group, name)) if (!isTrue(other, "NamesAccepted")) queued.add(other.metadata.name);
  }

  for (const entry of cache.values()) follow(entry.name);
  const stop = cache.listen((change) => {
    if (change.type === "DELETED") follow(change.entry.name, change.prev?.object as Definition);
    else follow(change.entry.name);
  });
  return {
    close() {
      closed = true;
      stop();
    },
  };
}

function resourceOf(core: Core, definition: Definition): ResourceDefinition {
  const versions = definition.spec.versions ?? [];
  const kinds = new Map(versions.map((version) => [version.name, customKind(definition, version)]));
  const storage = kinds.get(versions.find((v) => v.storage)!.name)!;
  return {
    kinds: versions.filter((v) => v.served).map((v) => kinds.get(v.name)!),
    storage,
    convert: prunedAfter(conversionOf(core, definition)),
    convertsByWebhook: isByWebhook(definition),
    read: (object) => readStored(object, kinds, storage),
  };
}

/** What the other version does not know is lost at once. */
function prunedAfter(convert: Convert): Convert {
  const prune = (object: KubeObject, to: Kind) => decodeValue<KubeObject>(to.schema, object).object;
  return (object, to) => {
    const converted = convert(object, to);
    return converted instanceof Promise ? converted.then((o) => prune(o, to)) : prune(converted, to);
  };
}

/** A stored object by the schema of the version it was stored in: pruned, then defaulted. */
function readStored(object: KubeObject, kinds: ReadonlyMap<string, Kind>, storage: Kind): KubeObject {
  const kind = kinds.get(object.apiVersion.slice(object.apiVersion.indexOf("/") + 1)) ?? storage;
  const read = decodeValue<KubeObject>(kind.schema, object).object;
  kind.setDefaults?.(read);
  return read;
}

/** Removes all objects of a definition that is being deleted, then lets it go. */
async function cleanUp(core: Core, client: Client, definition: Definition, resource: Resource | undefined): Promise<void> {
  const now = () => core.context.now();
  const terminating = (status: string, reason: string, message: string) =>
    decide(definition, { type: "Terminating", status, reason, message }, now());
  terminating("True", "InstanceDeletionInProgress", "CustomResource deletion is in progress");
  definition = deepCopy(await client.updateStatus(CustomResourceDefinition, definition, { fieldManager: "kube-apiserver" }));
  if (resource) {
    await deleteInstances(core, client, resource);
    terminating("False", "InstanceDeletionCompleted", "removed all instances");
  } else terminating("False", "NeverEstablished", "resource was never established");
  definition.metadata.finalizers = definition.metadata.finalizers?.filter((f) => f !== CLEANUP);
  await client.updateStatus(CustomResourceDefinition, definition, { fieldManager: "kube-apiserver" });
}

const DELETION_TIMEOUT_MS = 60_000;

async function deleteInstances(core: Core, client: Client, { cache, served, storage }: Resource): Promise<void> {
  const kind = [...served.values()][0]?.kind ?? storage.kind;
  const namespaces = new Set(Array.from(cache.values(), (entry) => entry.namespace));
  for (const namespace of namespaces) await client.deleteCollection(kind, namespace ? { namespace } : {});
  if (cache.size === 0) return;
  await new Promise<void>((resolve, reject) => {
    const stop = cache.listen(() => {
      if (cache.size > 0) return;
      timer.cancel();
      stop();
      resolve();
    });
    const timer = core.platform.clock.after(DELETION_TIMEOUT_MS, () => {
      stop();
      reject(new Error("could not confirm zero CustomResources remaining: timed out waiting for the condition"));
    });
  });
}
