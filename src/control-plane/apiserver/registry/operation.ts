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

const MAX_MANAGER_BYTES = 128;

/** A client that names no manager is known by its user agent up to the first slash, without what cannot be printed. */
export function managerOf(op: Operation): string {
  const named = op.query.get("fieldManager");
  if (named) return named;
  const agent = op.request.headers["user-agent"] ?? "";
  const slash = agent.indexOf("/");
  const name = slash < 0 ? agent : agent.slice(0, slash);
  return (PLAIN.test(name) ? name : printable(name)) || "unknown";
}

/** What nearly all are: nothing to leave out and short enough. */
const PLAIN = /^[!-~]{1,128}$/;

function printable(agent: string): string {
  let name = "";
  for (const char of agent) {
    if (!PRINTABLE.test(char)) continue;
    if (Buffer.byteLength(name + char) > MAX_MANAGER_BYTES) break;
    name += char;
  }
  return name;
}

const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;
