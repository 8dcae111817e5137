/** POST of a new object. */
import { alreadyExists, badRequest, generateNameConflict, internalError } from "../../../shared/apimachinery/errors.ts";
import type { KubeObject, ObjectMeta } from "../../../shared/apimachinery/meta.ts";
import { formatTime } from "../../../shared/lib/platform.ts";
import type { Result } from "../chain/types.ts";
import { decodeObject } from "../negotiation/decode.ts";
import type { Operation } from "./operation.ts";
import { put } from "./storage.ts";

export async function create(op: Operation): Promise<Result> {
  const object = await decodeObject(op);
  const { kind, ref, resource } = op.served;
  const meta: Partial<ObjectMeta> = object.metadata;
  matchNamespace(op, object);
  if (meta.resourceVersion) throw internalError("resourceVersion should not be set on objects to be created");
  delete meta.resourceVersion;
  meta.uid = op.core.platform.random.uuid();
  meta.creationTimestamp = formatTime(op.now);
  delete meta.deletionTimestamp;
  delete meta.deletionGracePeriodSeconds;
  const generated = !meta.name && Boolean(meta.generateName);
  if (generated) meta.name = meta.generateName + randomSuffix(op);
  if (!meta.name) throw badRequest("name or generateName is required");
  if (kind.generation) meta.generation = 1;
  kind.prepareForCreate?.(object, { subresource: "", dryRun: false, now: op.now, user: op.user });
  const written = await put(op.core, resource, object, 0);
  if (!written.ok) throw generated ? generateNameConflict(ref, meta.name) : alreadyExists(ref, meta.name);
  return { type: "entry", code: 201, served: op.served, entry: written.entry };
}

/** The body's namespace is the path's, or left out. */
export function matchNamespace(op: Operation, object: KubeObject): void {
  const { namespace } = op.info;
  const meta = object.metadata;
  if (op.served.kind.scope === "Cluster") {
    delete meta.namespace;
    return;
  }
  if (meta.namespace && meta.namespace !== namespace)
    throw badRequest(`the namespace of the provided object does not match the namespace sent on the request`);
  meta.namespace = namespace;
}

const ALPHABET = "bcdfghjklmnpqrstvwxz2456789";

function randomSuffix(op: Operation): string {
  let suffix = "";
  for (const byte of op.core.platform.random.bytes(5)) suffix += ALPHABET[byte % ALPHABET.length];
  return suffix;
}
