/**
 * What a webhook is asked, and what it answers: AdmissionReview.
 *
 * @source staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook/{request,errors} v1.36
 */
import type { AdmissionResponse, AdmissionReview } from "../../../../shared/api/generated/admission-v1.ts";
import { ApiError, type Status } from "../../../../shared/apimachinery/errors.ts";
import { userInfo } from "../../authn/index.ts";
import type { AdmissionAttributes } from "../../types.ts";

const API_VERSION = "admission.k8s.io/v1";

export function reviewOf(attributes: AdmissionAttributes, uid: string): AdmissionReview {
  const { kind, subresource, name, namespace, operation, object, oldObject, dryRun, options, user } = attributes;
  const shown = object ?? oldObject;
  const type = shown?.kind ? typeOf(shown) : { group: kind.group, version: kind.version, kind: kind.kind };
  const resource = { group: kind.group, version: kind.version, resource: kind.plural };
  const part = subresource ? { subResource: subresource, requestSubResource: subresource } : {};
  return {
    apiVersion: API_VERSION,
    kind: "AdmissionReview",
    request: {
      uid,
      kind: type,
      resource,
      requestKind: type,
      requestResource: resource,
      ...part,
      ...(name && { name }),
      ...(namespace && { namespace }),
      operation,
      userInfo: userInfo(user),
      object: (object as unknown as Record<string, unknown>) ?? null,
      oldObject: (oldObject as unknown as Record<string, unknown>) ?? null,
      dryRun,
      options,
    },
  };
}

function typeOf({ apiVersion, kind }: { apiVersion: string; kind: string }) {
  const slash = apiVersion.indexOf("/");
  return { group: slash < 0 ? "" : apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1), kind };
}

/** The response of an answer that fits the question. Throws an Error that says what does not. */
export function readReview(answer: unknown, uid: string): AdmissionResponse {
  const { apiVersion, kind, response } = (answer ?? {}) as Partial<AdmissionReview>;
  if (apiVersion !== API_VERSION || kind !== "AdmissionReview") {
    throw new Error(
      `expected webhook response of ${API_VERSION}, Kind=AdmissionReview, got ${apiVersion ?? ""}, Kind=${kind ?? ""}`,
    );
  }
  if (!response) throw new Error("webhook response was absent");
  if (response.uid !== uid)
    throw new Error(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response.uid ?? "")}`);
  if (response.patch && response.patchType !== "JSONPatch") {
    throw new Error('webhook returned response.patch but not response.patchType; must be "JSONPatch"');
  }
  return response;
}

/** `admission webhook "a" denied the request: TEXT`, with the webhook's own code and reason. */
export function denial(webhook: string, status: AdmissionResponse["status"]): ApiError {
  const given = (status ?? {}) as Partial<Status>;
  const head = `admission webhook ${JSON.stringify(webhook)} denied the request`;
  const why = given.message || given.reason;
  return new ApiError({
    ...given,
    kind: "Status",
    apiVersion: "v1",
    metadata: given.metadata ?? {},
    status: "Failure",
    message: why ? `${head}: ${why}` : `${head} without explanation`,
    code: given.code && given.code >= 400 ? given.code : 400,
  });
}
