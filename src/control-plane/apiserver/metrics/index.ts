/** `/metrics`: requests, objects and the process itself, as Prometheus reads them. */
import type { PathHandler } from "../chain/chain.ts";
import { plainJson } from "../chain/failure.ts";
import type { Core } from "../core.ts";
import { version } from "../discovery/version.ts";
import { CONTENT_TYPE, textOf, type Metric } from "./text.ts";

export { requestMetrics, type RequestMetrics } from "./requests.ts";

export function metricsPath(core: Core): PathHandler {
  return ({ path, method }) => {
    if (path !== "/metrics" || method !== "GET") return undefined;
    const body = textOf([...core.requests.metrics(), objects(core), build(), ...ofProcess()]);
    return { result: { type: "raw", code: 200, contentType: CONTENT_TYPE, body }, format: plainJson, warnings: [] };
  };
}

function objects({ resources }: Core): Metric {
  const caches = new Map(
    [...resources.all()].flatMap(({ kind, resource: { id, cache } }) => (cache ? [[id, { kind, cache }]] : [])),
  );
  const samples = [...caches.values()].map(({ kind, cache }) => ({
    labels: { group: kind.group, resource: kind.plural },
    value: cache.size,
  }));
  return { name: "apiserver_resource_objects", help: "Stored objects by resource.", type: "gauge", samples };
}

function build(): Metric {
  const { major, minor, gitVersion, gitCommit, gitTreeState, buildDate, goVersion, compiler, platform } = version;
  const labels = {
    major,
    minor,
    git_version: gitVersion,
    git_commit: gitCommit,
    git_tree_state: gitTreeState,
    build_date: buildDate,
    go_version: goVersion,
    compiler,
    platform,
  };
  return { name: "kubernetes_build_info", help: "Which version this is.", type: "gauge", samples: [{ labels, value: 1 }] };
}

function ofProcess(): Metric[] {
  const { user, system } = process.cpuUsage();
  const one = (name: string, help: string, type: Metric["type"], value: number): Metric => ({
    name,
    help,
    type,
    samples: [{ value }],
  });
  return [
    one("process_cpu_seconds_total", "Processor time in seconds.", "counter", (user + system) / 1e6),
    one("process_resident_memory_bytes", "Resident memory in bytes.", "gauge", process.memoryUsage.rss()),
    one("process_start_time_seconds", "Start of the process since the epoch in seconds.", "gauge", performance.timeOrigin / 1000),
  ];
}
