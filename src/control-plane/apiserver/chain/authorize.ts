/** May this user do this? Upstream's 403 where not. */
import type { ApiError } from "../../../shared/apimachinery/errors.ts";
import { parseFieldSelector, requiredField } from "../../../shared/apimachinery/field-selectors.ts";
import { SelectorError } from "../../../shared/apimachinery/selectors.ts";
import { forbiddenRequest } from "../authz/index.ts";
import type { Core } from "../core.ts";
import type { AccessAttributes, AccessDecision, UserInfo } from "../types.ts";
import type { RequestInfo } from "./request-info.ts";

export function accessOf(info: RequestInfo, user: UserInfo, query?: URLSearchParams): AccessAttributes {
  return {
    user,
    verb: info.verb,
    resourceRequest: info.isResource,
    path: info.path,
    group: info.group,
    version: info.version,
    resource: info.resource,
    subresource: info.subresource,
    namespace: info.namespace,
    name: info.name || (query?.size ? selectedName(query) : ""),
    ...(query?.size && {
      fieldSelector: query.get("fieldSelector") ?? undefined,
      labelSelector: query.get("labelSelector") ?? undefined,
    }),
  };
}

/** A list narrowed to one name counts as a request for that name. */
function selectedName(query: URLSearchParams): string {
  const selector = query.get("fieldSelector");
  if (!selector?.includes("metadata.name")) return "";
  try {
    return requiredField(parseFieldSelector(selector), "metadata.name") ?? "";
  } catch (error) {
    if (error instanceof SelectorError) return ""; // told when the list is served
    throw error;
  }
}

export function refusal(attributes: AccessAttributes, decision: AccessDecision): ApiError | undefined {
  return decision.decision === "allow" ? undefined : forbiddenRequest(attributes, decision.reason);
}

/** Throws 403. */
export async function authorizeAs(core: Core, user: UserInfo, info: RequestInfo): Promise<void> {
  const attributes = accessOf(info, user);
  const error = refusal(attributes, await core.authorizer.authorize(attributes));
  if (error) throw error;
}
