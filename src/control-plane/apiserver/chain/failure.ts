/** What was thrown, as an answer. */
import { ApiError, internalError, type Status } from "../../../shared/apimachinery/errors.ts";
import type { Answer, Format } from "./types.ts";

export const plainJson: Format = { media: "json", contentType: "application/json", pretty: false };

export function statusOf(error: unknown): Status {
  if (error instanceof ApiError) return error.status;
  return internalError(error instanceof Error ? error.message : String(error)).status;
}

/** Errors are told in the media type that was asked for; who asked for rows or metadata alone gets them in JSON. */
export function failure(error: unknown, format: Format = plainJson, warnings: readonly string[] = []): Answer {
  const status = statusOf(error);
  const retry = status.details?.retryAfterSeconds;
  return {
    result: { type: "object", code: status.code, object: status },
    format: format.as ? { ...plainJson, pretty: format.pretty } : format,
    warnings,
    ...(retry && { headers: { "retry-after": String(retry) } }),
  };
}
