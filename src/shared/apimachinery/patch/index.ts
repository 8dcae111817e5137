/**
 * Patches and the record of who set which field.
 *
 * Everything here is pure: objects come in as JSON values and are never changed, the time is a parameter, refusals are `ApiError`s.
 */
export { applyJsonPatch } from "./json-patch.ts";
export { applyMergePatch } from "./merge-patch.ts";
export { applyStrategicPatch } from "./strategic.ts";
export { patchTypeOf, readPatch, type PatchBody } from "./body.ts";
export { decodeApplied, patchObject } from "./document.ts";
export { applyConfiguration } from "./apply.ts";
export { ownershipOfCreated, ownershipOfUpdated, withoutIdleTimes, type Writer } from "./ownership.ts";
export { fieldScope, type ManagedKind } from "./scope.ts";
export { entriesFromScale, entriesOfScale, type ReplicasPaths } from "./scale.ts";
export type { ManagedFieldsEntry } from "./managers.ts";
export { deepCopy, deepEqual } from "./json.ts";
export { mergeConfiguration } from "./merge.ts";
export { validateConfiguration } from "./validate.ts";
