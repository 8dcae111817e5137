/** One request for objects of one kind: what every verb works with. */
import type { SubresourceFacts } from "../../../shared/api/kind.ts";
import type { Format, Incoming } from "../chain/types.ts";
import type { RequestInfo } from "../chain/request-info.ts";
import type { Core } from "../core.ts";
import type { UserInfo } from "../types.ts";
import type { Served } from "./resources.ts";

export interface Operation {
  core: Core;
  served: Served;
  subresource: SubresourceFacts | undefined;
  info: RequestInfo;
  request: Incoming;
  query: URLSearchParams;
  user: UserInfo;
  format: Format;
  /** For the answer's Warning headers. */
  warnings: string[];
  /** Milliseconds since the epoch at the start of the request. */
  now: number;
}

/** The user agent up to the first slash is the manager of a client that names none. */
export function managerOf(op: Operation): string {
  const named = op.query.get("fieldManager");
  if (named) return named;
  const agent = op.request.headers["user-agent"] ?? "";
  const slash = agent.indexOf("/");
  const name = slash < 0 ? agent : agent.slice(0, slash);
  return (name || "unknown").slice(0, 128);
}
