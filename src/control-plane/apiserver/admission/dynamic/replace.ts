/** Puts a changed object in the place of the one that is being admitted, completed as if it had been sent that way. */
import { deepEqual } from "../../../../shared/apimachinery/patch/index.ts";
import { decodeValue } from "../../../../shared/apimachinery/decode.ts";
import type { KubeObject } from "../../../../shared/apimachinery/meta.ts";
import { setDefaults } from "../../negotiation/decode.ts";
import type { AdmissionAttributes } from "../../types.ts";

/** False where nothing changed. The object keeps its identity: everybody who holds it sees the change. */
export function replaceObject(attributes: AdmissionAttributes, next: KubeObject): boolean {
  const { kind, subresource } = attributes;
  const object = attributes.object as unknown as Record<string, unknown>;
  const isWhole = subresource === "" || next.kind === kind.kind;
  const decoded = (isWhole ? decodeValue<KubeObject>(kind.schema, next).object : next) as unknown as Record<string, unknown>;
  if (isWhole) setDefaults(kind, decoded as unknown as KubeObject);
  if (deepEqual(object, decoded)) return false;
  for (const key of Object.keys(object)) delete object[key];
  Object.assign(object, decoded);
  return true;
}
