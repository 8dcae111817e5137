/**
 * What the API server refuses with: one constructor per reason, read back by predicate and never by text.
 *
 * @source staging/src/k8s.io/apimachinery/pkg/api/errors/errors.go v1.36
 */
import type { FieldError } from "./field-error.ts";

export interface StatusCause {
  reason?: string;
  message?: string;
  field?: string;
}

export interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: StatusCause[];
  retryAfterSeconds?: number;
}

export interface Status {
  kind: "Status";
  apiVersion: "v1";
  metadata: { resourceVersion?: string; continue?: string };
  status: "Success" | "Failure";
  message?: string;
  reason?: string;
  details?: StatusDetails;
  code: number;
}

/** An answer that is an error: thrown by the server's handlers and by every client transport alike. */
export class ApiError extends Error {
  readonly status: Status;
  constructor(status: Status, options?: ErrorOptions) {
    super(status.message ?? status.reason ?? `HTTP ${status.code}`, options);
    this.name = "ApiError";
    this.status = status;
  }
  get code(): number {
    return this.status.code;
  }
  get reason(): string {
    return this.status.reason ?? "";
  }
}

/** The resource or kind an error speaks of: `{ group: "apps", resource: "deployments" }` prints as `deployments.apps`. */
export interface ResourceRef {
  group: string;
  resource: string;
}

function qualified(ref: ResourceRef): string {
  return ref.group ? `${ref.resource}.${ref.group}` : ref.resource;
}

function details(ref: ResourceRef, name: string, rest: StatusDetails = {}): StatusDetails {
  return { ...(name && { name }), ...(ref.group && { group: ref.group }), ...(ref.resource && { kind: ref.resource }), ...rest };
}

export function apiError(code: number, reason: string, message: string, extra?: StatusDetails): ApiError {
  return new ApiError({
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    ...(reason && { reason }),
    ...(extra && { details: extra }),
    code,
  });
}

export const notFound = (ref: ResourceRef, name: string) =>
  apiError(404, "NotFound", `${qualified(ref)} ${JSON.stringify(name)} not found`, details(ref, name));

export const alreadyExists = (ref: ResourceRef, name: string) =>
  apiError(409, "AlreadyExists", `${qualified(ref)} ${JSON.stringify(name)} already exists`, details(ref, name));

export const generateNameConflict = (ref: ResourceRef, name: string) =>
  apiError(
    409,
    "AlreadyExists",
    `${qualified(ref)} ${JSON.stringify(name)} already exists, the server was not able to generate a unique name for the object`,
    details(ref, name, { retryAfterSeconds: 1 }),
  );

export const conflict = (ref: ResourceRef, name: string, cause: string) =>
  apiError(
    409,
    "Conflict",
    `Operation cannot be fulfilled on ${qualified(ref)} ${JSON.stringify(name)}: ${cause}`,
    details(ref, name),
  );

export const forbiddenError = (ref: ResourceRef, name: string, cause: string) => {
  const what =
    ref.resource === ""
      ? "forbidden"
      : name
        ? `${qualified(ref)} ${JSON.stringify(name)} is forbidden`
        : `${qualified(ref)} is forbidden`;
  return apiError(403, "Forbidden", `${what}: ${cause}`, details(ref, name));
};

/** `ref.resource` is the kind here (`Pod`), as upstream prints it. */
export const invalid = (kind: ResourceRef, name: string, errors: readonly FieldError[]) => {
  const texts = [...new Set(errors.map((e) => `${e.field}: ${e.message}`))];
  const summary = texts.length === 1 ? texts[0] : `[${texts.join(", ")}]`;
  const message = `${qualified(kind)} ${JSON.stringify(name)} is invalid${errors.length ? `: ${summary}` : ""}`;
  const causes = errors.map((e) => ({ reason: e.type, message: e.message, field: e.field }));
  return apiError(422, "Invalid", message, details(kind, name, causes.length ? { causes } : {}));
};

export const badRequest = (message: string) => apiError(400, "BadRequest", message);
export const unauthorized = (message = "Unauthorized") => apiError(401, "Unauthorized", message);
export const methodNotSupported = (ref: ResourceRef, action: string) =>
  apiError(
    405,
    "MethodNotAllowed",
    `${action} is not supported on resources of kind ${JSON.stringify(qualified(ref))}`,
    details(ref, ""),
  );
export const notAcceptable = (message: string) => apiError(406, "NotAcceptable", message);
export const expired = (message: string) => apiError(410, "Expired", message);
export const requestEntityTooLarge = (message: string) => apiError(413, "RequestEntityTooLarge", message);
export const unsupportedMediaType = (message: string) => apiError(415, "UnsupportedMediaType", message);
export const tooManyRequests = (message: string, retryAfterSeconds: number) =>
  apiError(429, "TooManyRequests", message, retryAfterSeconds ? { retryAfterSeconds } : {});
export const internalError = (message: string) =>
  apiError(500, "InternalError", `Internal error occurred: ${message}`, { causes: [{ message }] });
export const notImplemented = (message: string) => apiError(501, "NotImplemented", message);
export const serviceUnavailable = (message: string) => apiError(503, "ServiceUnavailable", message);
export const timeoutError = (message: string, retryAfterSeconds: number) =>
  apiError(504, "Timeout", message, retryAfterSeconds ? { retryAfterSeconds } : {});

const hasReason =
  (...reasons: string[]) =>
  (error: unknown): error is ApiError =>
    error instanceof ApiError && reasons.includes(error.reason);

export const isNotFound = hasReason("NotFound");
export const isAlreadyExists = hasReason("AlreadyExists");
export const isConflict = hasReason("Conflict");
export const isInvalid = hasReason("Invalid");
export const isExpired = hasReason("Expired", "Gone");
export const isApiError = (error: unknown): error is ApiError => error instanceof ApiError;
