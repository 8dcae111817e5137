/**
 * Aggregation: an APIService hands a group version over to a server behind a Service. Requests are passed on to it, its resources stand in
 * discovery, and whether it answers is told in the condition Available.
 */
import { APIService } from "../../../shared/api/index.ts";
import { isConflict, isNotFound } from "../../../shared/apimachinery/errors.ts";
import { setCondition } from "../../../shared/apimachinery/conditions.ts";
import { deepCopy, deepEqual } from "../../../shared/apimachinery/patch/index.ts";
import { formatTime } from "../../../shared/lib/platform.ts";
import { plainJson } from "../chain/failure.ts";
import type { Answer, Incoming } from "../chain/types.ts";
import type { Core } from "../core.ts";
import { sharedCacheOf } from "../in-process.ts";
import type { ConnectAnswer, UserInfo } from "../types.ts";
import { availabilityOf, type RemoteResource } from "./availability.ts";
import { endpointOf, forgetConnections, sendTo, type FrontProxyCredentials } from "./remote.ts";

export type { RemoteResource } from "./availability.ts";
export type { FrontProxyCredentials } from "./remote.ts";

export interface RemoteVersion {
  group: string;
  version: string;
  /** undefined: the server cannot be asked at present. */
  resources: RemoteResource[] | undefined;
}

export interface Aggregation {
  /** undefined: the path belongs to no other server. */
  forward(request: Incoming, user: UserInfo): Promise<Answer> | undefined;
  /** What other servers serve. */
  versions(): RemoteVersion[];
  close(): void;
}

const MAX_BODY = 64 << 20;
/** How long until the next look at servers that are down, and at those that are up. */
const RETRY_MS = 1000;
const AGAIN_MS = 10_000;

export function aggregate(core: Core, credentials: FrontProxyCredentials | undefined): Aggregation {
  const { context: server, platform } = core;
  const services = sharedCacheOf<APIService>(core.resources.of(APIService));
  const remote = new Map<string, { api: APIService; available: boolean; resources?: RemoteResource[] }>();
  let closed = false;
  let running = false;
  let timer: { cancel(): void } | undefined;

  const follow = (api: APIService, gone: boolean): void => {
    const { name } = api.metadata;
    if (gone || !api.spec.service) {
      remote.delete(name);
      forgetConnections(name);
      return;
    }
    const known = remote.get(name);
    remote.set(name, { ...known, api, available: known?.available ?? false });
    if (!known || !deepEqual(known.api.spec, api.spec)) look(0);
  };
  for (const api of services.list()) follow(api, false);
  const unsubscribe = services.subscribe((type, api) => follow(api, type === "DELETED"));

  function look(afterMs: number): void {
    timer?.cancel();
    if (!closed && remote.size) timer = platform.clock.after(afterMs, () => void checkAll(), { background: true });
  }

  async function checkAll(): Promise<void> {
    if (running || closed) return;
    running = true;
    await Promise.all([...remote.keys()].map((name) => check(name).catch(core.report)));
    running = false;
    look([...remote.values()].every((r) => r.available) ? AGAIN_MS : RETRY_MS);
  }

  async function check(name: string): Promise<void> {
    const known = remote.get(name);
    if (!known) return;
    const { resources, ...condition } = await availabilityOf(known.api, server, credentials);
    const entry = remote.get(name);
    if (!entry || closed) return;
    entry.available = condition.status === "True";
    if (resources) entry.resources = resources;
    await tell(name, condition);
  }

  async function tell(name: string, condition: { status: "True" | "False"; reason: string; message: string }): Promise<void> {
    const api = services.get(name);
    if (!api) return;
    const conditions = api.status?.conditions ?? [];
    const next = setCondition(conditions, { type: "Available", ...condition }, formatTime(server.now()));
    if (next === conditions) return;
    const changed = deepCopy(api) as APIService;
    changed.status = { ...changed.status, conditions: next };
    try {
      await server.client().updateStatus(APIService, changed);
    } catch (error) {
      if (!isConflict(error) && !isNotFound(error)) throw error;
    }
  }

  return {
    forward(request, user) {
      if (!remote.size) return undefined;
      const [prefix, group, version] = request.path.replace(/^\/+/, "").split("/", 3);
      const found = prefix === "apis" && version ? remote.get(`${version}.${group}`) : undefined;
      if (!found) return undefined;
      if (!found.available) return Promise.resolve(unavailable());
      return passOn(core, found.api, credentials, request, user);
    },
    versions: () =>
      [...remote.values()].map(({ api, available, resources }) => ({
        group: api.spec.group ?? "",
        version: api.spec.version ?? "",
        resources: available ? resources : undefined,
      })),
    close() {
      closed = true;
      timer?.cancel();
      unsubscribe();
      for (const name of remote.keys()) forgetConnections(name);
    },
  };
}

/** In plain text, as upstream's proxy says it. */
function unavailable(text = "service unavailable"): Answer {
  const body = `${text}\n`;
  return { result: { type: "raw", code: 503, contentType: "text/plain; charset=utf-8", body }, format: plainJson, warnings: [] };
}

const NOT_PASSED = new Set(["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "trailer"]);

async function passOn(
  core: Core,
  api: APIService,
  credentials: FrontProxyCredentials | undefined,
  request: Incoming,
  user: UserInfo,
): Promise<Answer> {
  const { method, headers, query, signal } = request;
  const path = `${request.path}${query.size ? `?${query}` : ""}`;
  try {
    const body = method === "GET" || method === "HEAD" ? undefined : await request.body(MAX_BODY);
    const typed = request.object !== undefined && !headers["content-type"] ? { "content-type": "application/json" } : {};
    const endpoint = endpointOf(api, core.context, Math.floor(core.context.now()));
    const sent = { method, path, headers: { ...typed, ...headers }, user, signal, ...(body && { body }) };
    const answer = await sendTo(api, endpoint, credentials, sent);
    const passed: ConnectAnswer["headers"] = {};
    for (const [name, value] of Object.entries(answer.headers))
      if (value !== undefined && !NOT_PASSED.has(name)) passed[name] = value;
    return {
      result: { type: "stream", answer: { code: answer.statusCode ?? 502, headers: passed, body: answer } },
      format: plainJson,
      warnings: [],
    };
  } catch (error) {
    return unavailable(`error trying to reach service: ${(error as Error).message}`);
  }
}
