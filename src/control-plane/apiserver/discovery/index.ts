/** Paths that are no resources. */
import { notAcceptable } from "../../../shared/apimachinery/errors.ts";
import { MEDIA_TYPES, negotiate, parseAccept } from "../../../shared/apimachinery/negotiation.ts";
import { plainJson } from "../chain/failure.ts";
import type { PathHandler } from "../chain/chain.ts";
import { noSuchMethod } from "../chain/route.ts";
import type { Answer, Incoming } from "../chain/types.ts";
import type { Core } from "../core.ts";
import { metricsPath } from "../metrics/index.ts";
import { openApiPaths } from "../openapi/index.ts";
import type { Document } from "../types.ts";
import { discovery } from "./handler.ts";
import { health, type HealthCheck } from "./health.ts";
import { rootPaths } from "./root-paths.ts";
import { version } from "./version.ts";

export { healthChecks } from "./checks.ts";

/** `more` is asked last. */
export function pathHandler(core: Core, checks: readonly HealthCheck[], more: PathHandler | undefined): PathHandler {
  const openApi = openApiPaths(core);
  const metrics = metricsPath(core);
  return (request, user) => {
    const path = request.path;
    if (path === "/" || path === "/index.html") return rootPaths(core, checks);
    if (path.startsWith("/api")) return discovery(core, request) ?? more?.(request, user);
    if (path === "/version" || path === "/version/") {
      if (request.method !== "GET") throw noSuchMethod();
      negotiate(request.headers.accept, { mediaTypes: [MEDIA_TYPES.json] });
      return { result: { type: "object", code: 200, object: version }, format: { ...plainJson, pretty: true }, warnings: [] };
    }
    return (
      health(checks, request) ??
      openApi(request, user) ??
      metrics(request, user) ??
      document(core, request) ??
      more?.(request, user)
    );
  };
}

/** Documents about keys change seldom. */
const KEPT = { "cache-control": "public, max-age=3600" };

function asAnswer({ contentType, body }: Document): Answer {
  return {
    result: { type: "raw", code: 200, contentType, body: JSON.stringify(body) },
    format: plainJson,
    warnings: [],
    headers: KEPT,
  };
}

function document({ documents }: Core, { path, headers }: Incoming): Promise<Answer> | undefined {
  return documents[path]?.().then((found) => {
    if (isAccepted(found.contentType, headers.accept)) return asAnswer(found);
    throw notAcceptable(`406: Not Acceptable\n\nAvailable representations: ${found.contentType}`);
  });
}

/** A document has one media type; only of one that everybody reads is it taken for granted that the client does. */
function isAccepted(contentType: string, accept: string | undefined): boolean {
  if (!accept || contentType === "application/json") return true;
  return parseAccept(accept).some(({ type, subtype }) => type === "*" || contentType === `${type}/${subtype}`);
}
