/**
 * Connections that want to become another protocol (WebSocket, SPDY/3.1): the same chain up to the route, then the connection is the
 * resource's own.
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { isApiError, notImplemented, unauthorized } from "../../../shared/apimachinery/errors.ts";
import type { Core } from "../core.ts";
import { incomingOf } from "../http/http1.ts";
import type { UserInfo } from "../types.ts";
import { admitConnect } from "./admit-connect.ts";
import { accessOf, authorizeAs } from "./authorize.ts";
import { connectContext, connectResourceOf, mayChange } from "./connect.ts";
import { statusOf } from "./failure.ts";
import { parseRequestInfo, type RequestInfo } from "./request-info.ts";
import { noSuchResource, route } from "./route.ts";
import type { Incoming } from "./types.ts";

export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

export function upgradeHandler(core: Core): UpgradeHandler {
  return (request, socket, head) => {
    socket.on("error", () => {}); // the client went away; `close` follows
    upgrade(core, request, socket, head).catch((error: unknown) => {
      if (!isApiError(error)) core.report(error);
      refuse(socket, error);
    });
  };
}

async function upgrade(core: Core, request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
  const incoming = incomingOf(request, socket);
  const info = parseRequestInfo(incoming.method, incoming.path, incoming.query);
  const user = await whoAsks(core, incoming, info);
  await authorizeAs(core, user, info);
  if (isRemote(core, info)) throw notImplemented("connections to aggregated API servers cannot be upgraded");
  if (!info.isResource) throw noSuchResource();
  const found = route(core.resources, info, incoming.method);
  const resource = connectResourceOf(core, found);
  if (!resource?.upgrade)
    throw notImplemented(`${[info.resource, info.subresource].filter(Boolean).join("/")} cannot be upgraded`);
  await mayChange(core, info, user);
  const context = await admitConnect(core, found.served, info.subresource, connectContext(core, incoming, info, user));
  await resource.upgrade(context, { request, socket, head });
}

const isRemote = ({ aggregation }: Core, { group, version }: RequestInfo): boolean =>
  aggregation?.versions().some((served) => served.group === group && served.version === version) ?? false;

async function whoAsks(core: Core, incoming: Incoming, info: RequestInfo): Promise<UserInfo> {
  const user = await core.authenticator.authenticate(incoming);
  if (!user) throw unauthorized();
  const other = core.impersonation?.impersonate(incoming.headers, accessOf(info, user, incoming.query));
  return (await other) ?? user;
}

function refuse(socket: Duplex, error: unknown): void {
  const status = statusOf(error);
  const body = JSON.stringify(status);
  const head = [
    "HTTP/1.1 " + status.code + " " + (status.reason ?? "Error"),
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}
