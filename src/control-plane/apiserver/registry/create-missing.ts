/**
 * What a fresh store has to hold, written by the server itself before it serves: all that is missing at once.
 */
import type { Kind } from "../../../shared/api/kind.ts";
import { decodeValue } from "../../../shared/apimachinery/decode.ts";
import { invariant } from "../../../shared/lib/invariant.ts";
import type { KubeObject } from "../../../shared/apimachinery/meta.ts";
import { fieldScope, ownershipOfCreated } from "../../../shared/apimachinery/patch/index.ts";
import type { Write } from "../../store/types.ts";
import { serialize } from "../cache/layout.ts";
import type { ResourceCache } from "../cache/resource-cache.ts";
import type { Core } from "../core.ts";
import { setDefaults } from "../negotiation/decode.ts";
import { setOwners } from "./ownership.ts";
import { storeKey, type Served } from "./resources.ts";

const MANAGER = "kube-apiserver";
/** An etcd takes 128 operations in a transaction. */
const BATCH = 100;

/**
 * Those that carry `managedFields` are written as they are, the others completed first. They become the caches'.
 *
 * Resolves with those that were there already, when all are in the caches. Another server may do the same at the same time: then it
 * looks again.
 */
export async function createMissing(core: Core, objects: readonly KubeObject[]): Promise<KubeObject[]> {
  const kinds = new Map(
    Array.from(core.resources.all(), (served) => [`${served.kind.groupVersion}/${served.kind.kind}`, served]),
  );
  let there: KubeObject[] | undefined;
  for (;;) {
    const found: KubeObject[] = [];
    const puts = objects.flatMap((object) => {
      const served = kinds.get(`${object.apiVersion}/${object.kind}`);
      invariant(served, `no kind for the object ${object.kind} ${object.metadata.name}`);
      const put = missing(core, served, object);
      if (!put) found.push(object);
      return put ?? [];
    });
    there ??= found;
    if (!puts.length) return there;
    const batches = Array.from({ length: Math.ceil(puts.length / BATCH) }, (_, i) => puts.slice(i * BATCH, (i + 1) * BATCH));
    const results = await Promise.all(batches.map((batch) => core.store.commit(batch.map(writeOf))));
    await core.hub.reached(Math.max(...results.map((r) => r.revision)));
    for (const { key, value, cache } of puts) cache.unprepare(key, value);
    if (results.every((r) => r.ok)) return there;
  }
}

interface Put {
  key: string;
  value: Buffer;
  cache: ResourceCache;
}

const writeOf = ({ key, value }: Put): Write => ({ op: "put", key, value, expected: 0 });

function missing(core: Core, { kind, resource }: Served, given: KubeObject): Put | undefined {
  const { namespace = "", name } = given.metadata;
  const { cache } = resource;
  const key = storeKey(resource, namespace, name);
  if (cache.get(key)) return undefined;
  const object = given.metadata.managedFields ? given : complete(kind, given, core.platform.clock.now());
  const value = serialize(kind.schema, object);
  cache.prepare(key, { value, object, keep: true });
  return { key, value, cache };
}

/** In normal form, defaulted, owned by this server; the given object is not changed. */
export function complete(kind: Kind<any>, given: KubeObject, now: number): KubeObject {
  const metadata = kind.generation ? { ...given.metadata, generation: 1 } : given.metadata;
  const { object } = decodeValue<KubeObject>(kind.schema, { ...given, metadata });
  setDefaults(kind, object);
  setOwners(object, ownershipOfCreated(object, { scope: fieldScope(kind, ""), manager: MANAGER, now }));
  return object;
}
