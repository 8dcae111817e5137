/** What strategic merge refuses with. Upstream answers most wrong directives with a plain 500: a text and no reason. */
import { apiError, type ApiError } from "../errors.ts";
import { goPrint, goPrintString, goType, type JsonObject } from "./json.ts";

export function plainError(message: string): ApiError {
  return apiError(500, "", message);
}

export function badPatchType(directive: unknown, patch: JsonObject): ApiError {
  return plainError(`unknown patch type: ${goPrintString(directive)} in map: ${goPrint(patch)}`);
}

export function badArgumentType(expected: unknown, actual: unknown): ApiError {
  return plainError(`expected a ${goType(expected)}, but received a ${goType(actual)}`);
}

export function listOfLists(): ApiError {
  return apiError(422, "Invalid", "the server rejected our request due to an error in our request", {});
}
