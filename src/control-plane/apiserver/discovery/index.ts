/** Paths that are no resources. */
import { plainJson } from "../chain/failure.ts";
import type { PathHandler } from "../chain/chain.ts";
import type { Answer } from "../chain/types.ts";
import type { Core } from "../core.ts";

export function pathHandler(_core: Core): PathHandler {
  return (request) => {
    switch (request.path) {
      case "/healthz":
      case "/livez":
      case "/readyz":
        return text("ok");
      default:
        return undefined;
    }
  };
}

function text(body: string): Answer {
  return { result: { type: "raw", code: 200, contentType: "text/plain; charset=utf-8", body }, format: plainJson, warnings: [] };
}
