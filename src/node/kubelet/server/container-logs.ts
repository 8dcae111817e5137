/**
 * `/containerLogs/<namespace>/<pod>/<container>`: the log of a container, from the runtime's files.
 *
 * @source pkg/kubelet/server/server.go getContainerLogs, pkg/kubelet/kubelet_pods.go GetKubeletContainerLogs v1.36
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Pod } from "../../../shared/api/generated/core-v1.ts";
import { parseTime } from "../../../shared/lib/platform.ts";
import { allContainers } from "../pod/containers.ts";
import type { RuntimeContainer } from "../runtime/types.ts";
import { readLog, type LogOptions } from "./log-reader.ts";
import { RequestError } from "./request-error.ts";
import { findPod } from "./streaming.ts";
import type { ServerContext } from "./index.ts";

export async function serveLogs(
  server: ServerContext,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [, , namespace = "", name = "", container = ""] = url.pathname.split("/").map(decodeURIComponent);
  const pod = findPod(server.pods(), namespace, name);
  if (![...allContainers(pod)].some((entry) => entry.container.name === container)) {
    throw new RequestError(404, `container ${JSON.stringify(container)} not found in pod ${JSON.stringify(name)}`);
  }
  const options = logOptions(url.searchParams, server.context.platform.clock.now());
  const record = findRecord(server, pod, container, options.previous);
  const abort = new AbortController();
  response.on("close", () => abort.abort());
  response.writeHead(200, { "content-type": "text/plain", "transfer-encoding": "chunked" });
  response.flushHeaders();
  const isRunning = () =>
    server.context.view.get(pod.metadata.uid!).containers.some(({ id, state }) => id === record.id && state === "running");
  for await (const chunk of readLog(record.logPath, { ...options, isRunning }, server.context.platform.clock, abort.signal)) {
    if (!response.write(chunk)) await new Promise((resolve) => response.once("drain", resolve).once("close", resolve));
    if (abort.signal.aborted) return;
  }
  response.end();
  request.resume();
}

function findRecord({ context }: ServerContext, pod: Pod, container: string, previous: boolean): RuntimeContainer {
  const where = `container ${JSON.stringify(container)} in pod ${JSON.stringify(pod.metadata.name)}`;
  const records = context.view.get(pod.metadata.uid!).containers.filter(({ name }) => name === container);
  const ended = records.filter(({ state }) => state === "exited");
  if (previous) {
    // While it waits to be started again, the last run is the previous one.
    const last =
      records[0]?.state === "running"
        ? ended[0]
        : (ended[1] ?? (isWaiting(context.statuses.get(pod.metadata.uid!), container) ? ended[0] : undefined));
    if (!last) throw new RequestError(400, `previous terminated ${where} not found`);
    return last;
  }
  const current = records.find(({ state }) => state === "running" || state === "exited");
  if (current) return current;
  const status = statusOf(context.statuses.get(pod.metadata.uid!), container);
  throw new RequestError(400, `${where} is waiting to start: ${status?.state.waiting?.reason ?? "ContainerCreating"}`);
}

type Status = ReturnType<ServerContext["context"]["statuses"]["get"]>;

function statusOf(status: Status, container: string) {
  const all = [
    ...(status?.containerStatuses ?? []),
    ...(status?.initContainerStatuses ?? []),
    ...(status?.ephemeralContainerStatuses ?? []),
  ];
  return all.find(({ name }) => name === container);
}

const isWaiting = (status: Status, container: string) => !!statusOf(status, container)?.state.waiting;

function logOptions(query: URLSearchParams, now: number): Omit<LogOptions, "isRunning"> & { previous: boolean } {
  const flag = (name: string) => ["1", "true"].includes(query.get(name) ?? "");
  const number = (name: string) => (query.has(name) && query.get(name) !== "" ? Number(query.get(name)) : undefined);
  const sinceSeconds = number("sinceSeconds");
  const sinceTime = query.get("sinceTime");
  const since = sinceSeconds !== undefined ? now - sinceSeconds * 1000 : sinceTime ? parseTime(sinceTime) : undefined;
  const stream = query.get("stream");
  const tailLines = number("tailLines");
  const limitBytes = number("limitBytes");
  return {
    follow: flag("follow"),
    timestamps: flag("timestamps"),
    previous: flag("previous"),
    ...(since !== undefined && { since }),
    ...(tailLines !== undefined && { tailLines }),
    ...(limitBytes !== undefined && { limitBytes }),
    ...((stream === "Stdout" || stream === "Stderr") && { stream: stream.toLowerCase() as "stdout" | "stderr" }),
  };
}
