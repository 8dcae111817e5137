/** The OpenAPI documents as paths of the request chain. */
import { schemaFingerprint } from "../../../shared/api/schemas.ts";
import { plainJson } from "../chain/failure.ts";
import type { PathHandler } from "../chain/chain.ts";
import type { Core } from "../core.ts";
import { OpenApi } from "./publish.ts";

export function openApiPaths(core: Core): PathHandler {
  const openApi = new OpenApi({
    kinds: () => [...core.resources.all()].map((served) => served.kind),
    generation: () => core.resources.generation,
    version: "1.36",
    build: schemaFingerprint,
    now: () => core.platform.clock.now(),
  });
  return (request) => {
    if (!request.path.startsWith("/openapi/")) return undefined;
    const answer = openApi.handle(request);
    if (!answer) return undefined;
    const { "content-type": contentType = "", ...headers } = answer.headers;
    return {
      result: { type: "raw", code: answer.code, contentType, body: answer.body },
      headers,
      format: plainJson,
      warnings: [],
    };
  };
}
