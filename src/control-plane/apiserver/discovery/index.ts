/** Paths that are no resources. */
import { plainJson } from "../chain/failure.ts";
import type { PathHandler } from "../chain/chain.ts";
import type { Answer } from "../chain/types.ts";
import type { Core } from "../core.ts";
import { openApiPaths } from "../openapi/index.ts";
import type { Document } from "../types.ts";

export function pathHandler(core: Core): PathHandler {
  const openApi = openApiPaths(core);
  return (request, user) => {
    switch (request.path) {
      case "/healthz":
      case "/livez":
      case "/readyz":
        return text("ok");
      default:
        return openApi(request, user) ?? document(core, request.path);
    }
  };
}

function asAnswer({ contentType, body }: Document): Answer {
  return { result: { type: "raw", code: 200, contentType, body: JSON.stringify(body) }, format: plainJson, warnings: [] };
}

function document({ documents }: Core, path: string): Promise<Answer> | undefined {
  return documents[path]?.().then(asAnswer);
}

function text(body: string): Answer {
  return { result: { type: "raw", code: 200, contentType: "text/plain; charset=utf-8", body }, format: plainJson, warnings: [] };
}
