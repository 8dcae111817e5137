/** How a refusal reads. */
import { forbiddenError, type ApiError } from "../../../shared/apimachinery/errors.ts";
import type { AccessAttributes } from "../types.ts";

/**
 * The 403 for a request that no authorizer allowed.
 *
 * @source staging/src/k8s.io/apiserver/pkg/endpoints/handlers/responsewriters/errors.go v1.36
 */
export function forbiddenRequest(attributes: AccessAttributes, reason: string): ApiError {
  const text = sanitize(refusal(attributes));
  return forbiddenError(
    { group: attributes.group, resource: attributes.resource },
    attributes.name,
    reason ? `${text}: ${reason}` : text,
  );
}

function refusal(a: AccessAttributes): string {
  const q = JSON.stringify;
  if (!a.resourceRequest) return `User ${q(a.user.name)} cannot ${a.verb} path ${q(a.path)}`;
  const resource = a.subresource ? `${a.resource}/${a.subresource}` : a.resource;
  const where = a.namespace ? `in the namespace ${q(a.namespace)}` : "at the cluster scope";
  return `User ${q(a.user.name)} cannot ${a.verb} resource ${q(resource)} in API group ${q(a.group)} ${where}`;
}

/** Nothing in the answer shall look like HTML. */
const sanitize = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
