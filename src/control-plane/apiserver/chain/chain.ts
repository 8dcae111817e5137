/**
 * The request chain: authentication → authorization → route → the verb. Whatever a stage throws becomes a Status.
 *
 * A stage that answers at once is not awaited, so that a read of the cache is served within one tick.
 */
import type { SubresourceFacts } from "../../../shared/api/kind.ts";
import { isApiError, unauthorized } from "../../../shared/apimachinery/errors.ts";
import type { Core } from "../core.ts";
import { run } from "../registry/index.ts";
import type { Operation } from "../registry/operation.ts";
import type { Served } from "../registry/resources.ts";
import { formatFor, type FormatRequest } from "../negotiation/accept.ts";
import { loadYaml } from "../negotiation/yaml.ts";
import { includeObject } from "../table/table.ts";
import type { AccessAttributes, AccessDecision, UserInfo } from "../types.ts";
import { accessOf, refusal } from "./authorize.ts";
import { connect } from "./connect.ts";
import { checkTimeout } from "./deadline.ts";
import { failure, plainJson } from "./failure.ts";
import { parseRequestInfo, type RequestInfo } from "./request-info.ts";
import { prepared } from "../registry/convert.ts";
import { route, scopeFits, type Route } from "./route.ts";
import type { Answer, Handler, Incoming, Result } from "./types.ts";

/** Paths that are no resources: discovery, version, probes, OpenAPI. undefined: 404. */
export type PathHandler = (request: Incoming, user: UserInfo) => Answer | Promise<Answer> | undefined;

type Maybe<T> = T | Promise<T>;

export function createChain(core: Core, paths: PathHandler): Handler {
  const authorized = (request: Incoming, info: RequestInfo, user: UserInfo): Maybe<Answer> => {
    const attributes = accessOf(info, user, request.query);
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
    const refused = refusal(attributes, decision);
    if (refused) return forbidden(request, refused);
    const { user } = attributes;
    const forwarded = core.aggregation?.forward(request, user);
    if (forwarded) return forwarded;
    if (!info.isResource) return paths(request, user) ?? pageNotFound;
    return serve(request, info, user);
  };
  const serve = (request: Incoming, info: RequestInfo, user: UserInfo): Maybe<Answer> => {
    if (!core.resources.hasGroup(info.group)) return paths(request, user) ?? pageNotFound;
    if (isBesideCustom(core, info)) return pageNotFound;
    const found = routeTold(core, request, info);
    const connected = connect(core, request, info, user, found);
    if (connected) return connected;
    const op = operationOf(core, request, info, user, found);
    if (op.format.media === "yaml") return loadYaml().then(() => answerOf(op));
    return answerOf(op);
  };
  const answer = (request: Incoming, info: RequestInfo): Maybe<Answer> => {
    const fail = (thrown: unknown): Maybe<Answer> => {
      const error = thrown instanceof Told ? thrown.error : thrown;
      if (!isApiError(error)) core.report(error);
      return failed(request, error, thrown instanceof Told ? [thrown.warning] : []);
    };
    try {
      if (request.query.size) checkTimeout(info, request.query);
      const user = request.user ?? authenticate(core, request);
      const answer = user instanceof Promise ? user.then((u) => authorized(request, info, u)) : authorized(request, info, user);
      return answer instanceof Promise ? answer.catch(fail) : answer;
    } catch (error) {
      return fail(error);
    }
  };
  return (request) => {
    const info = parseRequestInfo(request.method, request.path, request.query);
    const counted = { info, dryRun: request.query.has("dryRun"), begun: core.requests.begin(info) };
    const answered = answer(request, info);
    return answered instanceof Promise
      ? answered.then((result) => core.requests.end(counted, result))
      : core.requests.end(counted, answered);
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

/** In a group of custom resources (its name has a dot) a path that none of them is at is nobody's. */
function isBesideCustom({ resources }: Core, info: RequestInfo): boolean {
  if (!info.group.includes(".")) return false;
  const served = resources.find(info.group, info.version, info.resource);
  if (served?.kind.schema.dynamic) {
    const everywhere = info.verb === "list" || info.verb === "watch";
    return !scopeFits(info, served) || (served.kind.scope === "Namespaced" && !info.namespace && !everywhere);
  }
  if (served) return false;
  return resources.isCustomGroup(info.group);
}

/** The route; where there is none, a deprecated kind still says so. */
function routeTold(core: Core, request: Incoming, info: RequestInfo): Route {
  try {
    return route(core.resources, info, request.method);
  } catch (error) {
    const deprecation = core.resources.find(info.group, info.version, info.resource)?.kind.deprecation;
    throw deprecation && request.method === "GET" ? new Told(error, deprecation) : error;
  }
}

/** An error with a warning beside it. */
class Told {
  readonly error: unknown;
  readonly warning: string;
  constructor(error: unknown, warning: string) {
    this.error = error;
    this.warning = warning;
  }
}

function operationOf(
  core: Core,
  request: Incoming,
  info: RequestInfo,
  user: UserInfo,
  { served, subresource }: Route,
): Operation {
  const format = formatFor(request, formatRequest(core, served, subresource, info));
  const now = core.platform.clock.now();
  // The path of a namespace counts as one below it for authorization; the object itself has none.
  if (served.kind.scope === "Cluster") info.namespace = "";
  if (format.as?.kind === "Table")
    Object.assign(format, { include: includeObject(request.query), now: () => core.platform.clock.now() });
  return {
    core,
    served,
    subresource,
    info,
    request,
    query: request.query,
    user,
    format,
    warnings: served.kind.deprecation ? [served.kind.deprecation] : [],
    now,
  };
}

function formatRequest(core: Core, served: Served, subresource: SubresourceFacts | undefined, info: RequestInfo): FormatRequest {
  const { kind } = served;
  const id = `${kind.group}/${kind.plural}${subresource ? `/${subresource.name}` : ""}`;
  const virtual = core.virtual[id];
  return { convertible: !virtual || Boolean(virtual.list), streamed: info.verb === "watch" || info.verb === "list", kind };
}

function answerOf(op: Operation): Maybe<Answer> {
  const fail = (error: unknown): Answer => {
    if (!isApiError(error)) op.core.report(error);
    return failure(error, op.format, op.warnings);
  };
  const answered = (result: Result): Answer => ({ result, format: op.format, warnings: op.warnings });
  try {
    const result = run(op);
    return result instanceof Promise ? result.then(converted).then(answered, fail) : answered(result);
  } catch (error) {
    return fail(error);
  }
}

/** What was written may still have to be converted for the answer. */
function converted(result: Result): Result | Promise<Result> {
  const wait = result.type === "entry" ? prepared(result.entry, result.served) : undefined;
  return wait ? wait.then(() => result) : result;
}

/** An error before the kind was known: told in what the client accepts, where that can be found out. */
function failed(request: Incoming, error: unknown, warnings: readonly string[]): Maybe<Answer> {
  try {
    const format = formatFor(request, { convertible: true });
    return format.media === "yaml" ? loadYaml().then(() => failure(error, format, warnings)) : failure(error, format, warnings);
  } catch {
    return failure(error, undefined, warnings);
  }
}

/** Where the right is missing; other refusals do not carry the header. */
function forbidden(request: Incoming, error: unknown): Maybe<Answer> {
  const sure = (answer: Answer): Answer => ({ ...answer, headers: { ...answer.headers, ...NO_SNIFFING } });
  const answer = failed(request, error, []);
  return answer instanceof Promise ? answer.then(sure) : sure(answer);
}

const NO_SNIFFING = { "x-content-type-options": "nosniff" };

const pageNotFound: Answer = {
  result: { type: "raw", code: 404, contentType: "text/plain; charset=utf-8", body: "404 page not found\n" },
  format: plainJson,
  warnings: [],
  headers: NO_SNIFFING,
};
