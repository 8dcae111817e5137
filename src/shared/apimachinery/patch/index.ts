/**
 * Patches and the record of who set which field.
 *
 * Everything here is pure: objects come in as JSON values and are never changed, the time is a parameter, refusals are `ApiError`s.
 */
export { applyJsonPatch } from "./json-patch.ts";
export { applyMergePatch } from "./merge-patch.ts";
export { applyStrategicPatch } from "./strategic.ts";
