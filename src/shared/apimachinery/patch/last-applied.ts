/**
 * kubectl's way from client-side to server-side apply: its annotation says what it set before, and is kept up to date afterwards.
 *
 * @source staging/src/k8s.io/apimachinery/pkg/util/managedfields/internal/{lastapplied,lastappliedmanager,lastappliedupdater}.go v1.36
 */
import { compareObjects } from "./compare.ts";
import { fieldsOfConfiguration } from "./field-set.ts";
import { difference, hasPath } from "./fields.ts";
import { isObject, setMember, type JsonObject } from "./json.ts";
import type { FieldScope } from "./scope.ts";
import { validateConfiguration } from "./validate.ts";

export const KUBECTL = "kubectl";
const ANNOTATION = "kubectl.kubernetes.io/last-applied-configuration";
const MAX_ANNOTATION_BYTES = 256 * 1024;
const NO_NAMES: ReadonlySet<string> = new Set();

/** Tells of a path whether kubectl set it client-side and it still holds that value; undefined where the object carries no annotation. */
export function allowedByLastApplied(live: JsonObject, scope: FieldScope): ((path: readonly string[]) => boolean) | undefined {
  const last = parse(annotationsOf(live)?.[ANNOTATION]);
  if (!last || last.apiVersion !== scope.apiVersion || validateConfiguration(last, scope.schema).length > 0) return undefined;
  const unowned = { top: NO_NAMES, metadata: NO_NAMES };
  const { changed, removed } = compareObjects(last, live, scope.schema, false, unowned);
  const unchanged = difference(difference(fieldsOfConfiguration(last, scope.schema), changed), removed);
  return (path) => hasPath(unchanged, path);
}

function parse(text: unknown): JsonObject | undefined {
  if (typeof text !== "string" || text === "") return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function annotationsOf(object: JsonObject): JsonObject | undefined {
  const annotations = isObject(object.metadata) ? object.metadata.annotations : undefined;
  return isObject(annotations) ? annotations : undefined;
}

/** The object with its annotation, if it has one, brought up to the new configuration. */
export function withLastApplied(object: JsonObject, config: JsonObject): JsonObject {
  const annotations = annotationsOf(object);
  if (!annotations?.[ANNOTATION]) return object;
  const updated: JsonObject = { ...annotations, [ANNOTATION]: configurationText(config) };
  if (sizeOf(updated) > MAX_ANNOTATION_BYTES) delete updated[ANNOTATION];
  return { ...object, metadata: { ...(object.metadata as JsonObject), annotations: updated } };
}

function sizeOf(annotations: JsonObject): number {
  return Object.entries(annotations).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(String(value)),
    0,
  );
}

/** As Go writes a map: keys sorted, `<`, `>` and `&` escaped, a line feed at the end. */
function configurationText(config: JsonObject): string {
  const annotations = annotationsOf(config);
  let shown = config;
  if (annotations) {
    const { [ANNOTATION]: _, ...others } = annotations;
    shown = { ...config, metadata: { ...(config.metadata as JsonObject), annotations: others } };
  }
  const escaped = JSON.stringify(sorted(shown)).replace(
    /[<>&\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `${escaped}\n`;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  const result: JsonObject = {};
  for (const key of Object.keys(value).sort()) setMember(result, key, sorted(value[key]));
  return result;
}
