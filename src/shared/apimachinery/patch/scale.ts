/**
 * managedFields seen through `/scale`: the replicas field of the object is `.spec.replicas` of a Scale there.
 *
 * @source staging/src/k8s.io/apimachinery/pkg/util/managedfields/scalehandler.go v1.36
 */
import { difference, fieldsOf, hasPath } from "./fields.ts";
import { entriesOf, managersOf, type ManagedFieldsEntry, type Managers } from "./managers.ts";

const SCALE_VERSION = "autoscaling/v1";
const REPLICAS_OF_SCALE = ["f:spec", "f:replicas"];

/** Where the replicas are, by version of the object: `{ "apps/v1": ["spec", "replicas"] }`; undefined for a version without scale. */
export type ReplicasPaths = Readonly<Record<string, readonly string[] | undefined>>;

type Entries = readonly ManagedFieldsEntry[] | undefined;

const pathIn = (paths: ReplicasPaths, apiVersion: string) => paths[apiVersion]?.map((name) => `f:${name}`);

/** The entries of the Scale: of each manager of the replicas, that one field. */
export function entriesOfScale(entries: Entries, paths: ReplicasPaths): ManagedFieldsEntry[] | undefined {
  const managers: Managers = new Map();
  for (const [key, manager] of managersOf(entries)) {
    const path = pathIn(paths, manager.apiVersion);
    if (!path || !hasPath(manager.fields, path)) continue;
    managers.set(key, { ...manager, apiVersion: SCALE_VERSION, fields: fieldsOf(REPLICAS_OF_SCALE) });
  }
  return entriesOf(managers);
}

/**
 * The object's entries after the Scale was written. An updater's entry carries another version in the Scale, so it does not come back
 * under its own key: the replicas leave the old entry and stand in one of their own, without a time. Upstream has it so.
 *
 * @param entries of the object before
 * @param ofScale of the written Scale
 * @param apiVersion the version of the object in which new entries are kept
 */
export function entriesFromScale(
  entries: Entries,
  ofScale: Entries,
  apiVersion: string,
  paths: ReplicasPaths,
): ManagedFieldsEntry[] | undefined {
  const managers: Managers = new Map();
  const before = managersOf(entries);
  const scale = managersOf(ofScale);
  for (const [key, manager] of before) {
    if (!(manager.apiVersion in paths)) continue;
    const path = pathIn(paths, manager.apiVersion);
    if (!path || !hasPath(manager.fields, path) || scale.delete(key)) managers.set(key, manager);
    else {
      const fields = difference(manager.fields, fieldsOf(path));
      if (fields) managers.set(key, { ...manager, fields });
    }
  }
  for (const [key, manager] of scale) {
    const path = pathIn(paths, apiVersion);
    if (!path || !hasPath(manager.fields, REPLICAS_OF_SCALE)) continue;
    managers.set(key, { ...manager, apiVersion, fields: fieldsOf(path), time: before.get(key)?.time });
  }
  return entriesOf(managers);
}
