/** The JSON patch of a webhook, applied to a copy. */
import { internalError } from "../../../../shared/apimachinery/errors.ts";
import type { KubeObject } from "../../../../shared/apimachinery/meta.ts";
import { applyJsonPatch } from "../../../../shared/apimachinery/patch/index.ts";

export function patched(webhook: string, object: KubeObject, patch: string): KubeObject {
  try {
    const operations: unknown = JSON.parse(Buffer.from(patch, "base64").toString("utf8"));
    return applyJsonPatch(structuredClone(object) as never, operations as never) as unknown as KubeObject;
  } catch (error) {
    throw internalError(
      `admission webhook ${JSON.stringify(webhook)} returned a patch that cannot be applied: ${(error as Error).message}`,
    );
  }
}
