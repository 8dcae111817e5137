/**
 * The request chain: authentication → authorization → route → the verb. Whatever a stage throws becomes a Status.
 *
 * A stage that answers at once is not awaited, so that a read of the cache is served within one tick.
 */
import { unauthorized } from "../../../shared/apimachinery/errors.ts";
import { parseFieldSelector, requiredField } from "../../../shared/apimachinery/field-selectors.ts";
import { SelectorError } from "../../../shared/apimachinery/selectors.ts";
import { forbiddenRequest } from "../authz/index.ts";
import type { Core } from "../core.ts";
import { run } from "../registry/index.ts";
import type { Operation } from "../registry/operation.ts";
import type { AccessAttributes, AccessDecision, UserInfo } from "../types.ts";
import { failure, plainJson } from "./failure.ts";
import { parseRequestInfo, type RequestInfo } from "./request-info.ts";
import { route } from "./route.ts";
import type { Answer, Handler, Incoming, Result } from "./types.ts";

/** Paths that are no resources: discovery, version, probes, OpenAPI. undefined: 404. */
export type PathHandler = (request: Incoming, user: UserInfo) => Answer | Promise<Answer> | undefined;

type Maybe<T> = T | Promise<T>;

export function createChain(core: Core, paths: PathHandler): Handler {
  const authorized = (request: Incoming, info: RequestInfo, user: UserInfo): Maybe<Answer> => {
    const attributes = attributesOf(request, info, user);
    const other = core.impersonation?.impersonate(request.headers, attributes);
    if (other) return other.then((as) => asked(request, info, { ...attributes, user: as }));
    return asked(request, info, attributes);
  };
  const asked = (request: Incoming, info: RequestInfo, attributes: AccessAttributes): Maybe<Answer> => {
    const decision = core.authorizer.authorize(attributes);
    if (decision instanceof Promise) return decision.then((d) => decided(request, info, attributes, d));
    return decided(request, info, attributes, decision);
  };
  const decided = (
    request: Incoming,
    info: RequestInfo,
    attributes: AccessAttributes,
    decision: AccessDecision,
  ): Maybe<Answer> => {
    const { user } = attributes;
    if (decision.decision !== "allow") throw forbiddenRequest(attributes, decision.reason);
    if (!info.isResource) return paths(request, user) ?? pageNotFound;
    return serve(request, info, user);
  };
  const serve = (request: Incoming, info: RequestInfo, user: UserInfo): Maybe<Answer> => {
    const op: Operation = {
      core,
      ...route(core.resources, info, request.method),
      info,
      request,
      query: request.query,
      user,
      format: plainJson,
      warnings: [],
      now: core.platform.clock.now(),
    };
    const done = (result: Result): Answer => ({ result, format: op.format, warnings: op.warnings });
    const result = run(op);
    return result instanceof Promise ? result.then(done) : done(result);
  };
  return (request) => {
    const fail = (error: unknown): Answer => {
      if (!(error instanceof Error && error.name === "ApiError")) core.report(error);
      return failure(error);
    };
    try {
      const info = parseRequestInfo(request.method, request.path, request.query);
      const user = request.user ?? authenticate(core, request);
      const answer = user instanceof Promise ? user.then((u) => authorized(request, info, u)) : authorized(request, info, user);
      return answer instanceof Promise ? answer.catch(fail) : answer;
    } catch (error) {
      return fail(error);
    }
  };
}

function authenticate(core: Core, request: Incoming): Maybe<UserInfo> {
  const user = core.authenticator.authenticate(request);
  return user instanceof Promise ? user.then(known) : known(user);
}

function known(user: UserInfo | undefined): UserInfo {
  if (!user) throw unauthorized();
  return user;
}

function attributesOf(request: Incoming, info: RequestInfo, user: UserInfo): AccessAttributes {
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
    name: info.name || selectedName(request.query),
    fieldSelector: request.query.get("fieldSelector") ?? undefined,
    labelSelector: request.query.get("labelSelector") ?? undefined,
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

const pageNotFound: Answer = {
  result: { type: "raw", code: 404, contentType: "text/plain; charset=utf-8", body: "404 page not found\n" },
  format: plainJson,
  warnings: [],
};
