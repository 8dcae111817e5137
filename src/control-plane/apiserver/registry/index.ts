/** Verbs to functions: the one registry that serves all kinds. */
import type { SubresourceFacts } from "../../../shared/api/kind.ts";
import { methodNotSupported, notImplemented } from "../../../shared/apimachinery/errors.ts";
import type { Result } from "../chain/types.ts";
import { create } from "./create.ts";
import { deleteCollection } from "./delete-collection.ts";
import { deleteOne } from "./delete.ts";
import { list } from "./list.ts";
import { patch } from "./patch.ts";
import type { Operation } from "./operation.ts";
import { get } from "./read.ts";
import { scale } from "./scale.ts";
import { update } from "./update.ts";
import { callVirtual, virtualOf } from "./virtual.ts";
import { watch } from "./watch.ts";

type Verb = (op: Operation) => Result | Promise<Result>;

const verbs: Record<string, Verb> = {
  get,
  list,
  watch,
  create,
  update,
  patch,
  delete: deleteOne,
  deletecollection: deleteCollection,
};

export function run(op: Operation): Result | Promise<Result> {
  if (op.subresource?.kind === "Scale") return scale(op);
  const virtual = virtualOf(op);
  if (virtual) return callVirtual(op, virtual);
  const connect = op.subresource && isConnected(op.subresource);
  if (connect) throw notImplemented(`${op.served.kind.plural}/${op.subresource!.name} is not supported by this server`);
  const verb = verbs[op.info.verb];
  if (!verb) throw methodNotSupported(op.served.ref, op.info.verb);
  return verb(op);
}

/** Views and parts of the object itself; all others have to be computed or connected by somebody. */
const PARTS = new Set(["status", "finalize", "approval", "ephemeralcontainers", "resize"]);

const isConnected = ({ name }: SubresourceFacts) => !PARTS.has(name);
