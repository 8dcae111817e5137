/** DELETE of all objects that a list finds. Answers the list, as it was before. */
import { isNotFound } from "../../../shared/apimachinery/errors.ts";
import type { Result } from "../chain/types.ts";
import { deleteNamed } from "./delete.ts";
import { prepared } from "./convert.ts";
import { readDeleteOptions } from "./delete-body.ts";
import { pageOf } from "./list.ts";
import type { Operation } from "./operation.ts";

export async function deleteCollection(op: Operation): Promise<Result> {
  const options = await readDeleteOptions(op);
  const { entries, meta } = await pageOf(op);
  for (const { name, namespace } of entries) {
    const one = { ...op, info: { ...op.info, name, namespace } };
    try {
      await deleteNamed(one, name, options);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
  await Promise.all(entries.map((entry) => prepared(entry, op.served)));
  return { type: "list", served: op.served, entries, meta };
}
