/** DELETE of one object. */
import type { Result } from "../chain/types.ts";
import type { Operation } from "./operation.ts";
import { present } from "./read.ts";
import { remove } from "./storage.ts";

export async function deleteOne(op: Operation): Promise<Result> {
  const { name, namespace } = op.info;
  for (;;) {
    const entry = present(op.served, namespace, name);
    const removed = await remove(op.core, entry);
    if (!removed.ok) continue;
    const { group, resource } = op.served.ref;
    const details = { name, ...(group && { group }), kind: resource, uid: entry.object.metadata.uid };
    return { type: "object", code: 200, object: { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details } };
  }
}
