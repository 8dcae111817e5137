/**
 * What a fresh store has to hold, written by the server itself before it serves: all that is missing at once.
 */
import { decodeValue } from "../../../shared/apimachinery/decode.ts";
import { invariant } from "../../../shared/lib/invariant.ts";
import type { KubeObject } from "../../../shared/apimachinery/meta.ts";
import { fieldScope, ownershipOfCreated } from "../../../shared/apimachinery/patch/index.ts";
import { formatTime } from "../../../shared/lib/platform.ts";
import type { Write } from "../../store/types.ts";
import { serialize } from "../cache/layout.ts";
import type { Core } from "../core.ts";
import { setDefaults } from "../negotiation/decode.ts";
import { setOwners } from "./ownership.ts";
import { storeKey, type Served } from "./resources.ts";

const MANAGER = "kube-apiserver";
/** An etcd takes 128 operations in a transaction. */
const BATCH = 100;

/**
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
    const writes = objects.flatMap((object) => {
      const served = kinds.get(`${object.apiVersion}/${object.kind}`);
      invariant(served, `no kind for the object ${object.kind} ${object.metadata.name}`);
      const write = missing(core, served, object);
      if (!write) found.push(object);
      return write ?? [];
    });
    there ??= found;
    if (!writes.length) return there;
    const batches = Array.from({ length: Math.ceil(writes.length / BATCH) }, (_, i) => writes.slice(i * BATCH, (i + 1) * BATCH));
    const results = await Promise.all(batches.map((batch) => core.store.commit(batch)));
    await core.hub.reached(Math.max(...results.map((r) => r.revision)));
    if (results.every((r) => r.ok)) return there;
  }
}

function missing(core: Core, served: Served, given: KubeObject): Write | undefined {
  const { kind, resource } = served;
  const { namespace = "", name } = given.metadata;
  const key = storeKey(resource, namespace, name);
  if (resource.cache.get(key)) return undefined;
  const now = core.platform.clock.now();
  const { object } = decodeValue<KubeObject>(kind.schema, given);
  setDefaults(kind, object);
  setOwners(object, ownershipOfCreated(object, { scope: fieldScope(kind, ""), manager: MANAGER, now }));
  object.metadata.uid = core.platform.random.uuid();
  object.metadata.creationTimestamp = formatTime(now);
  if (kind.generation) object.metadata.generation = 1;
  return { op: "put", key, value: serialize(kind.schema, object), expected: 0 };
}
