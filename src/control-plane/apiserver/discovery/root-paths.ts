/**
 * `/`: every path there is, for people and for tools that look around.
 *
 * @source staging/src/k8s.io/apiserver/pkg/server/routes/index.go v1.36
 */
import { plainJson } from "../chain/failure.ts";
import type { Answer } from "../chain/types.ts";
import type { Core } from "../core.ts";
import { groupsOf } from "./groups.ts";
import { checksOf, PROBES, type HealthCheck } from "./health.ts";
import { withRemote } from "./remote.ts";

const ALWAYS = ["/api", "/apis", "/apis/", "/metrics", "/openapi/v2", "/openapi/v3", "/openapi/v3/", "/version"];

export function rootPaths(core: Core, checks: readonly HealthCheck[]): Answer {
  const groups = withRemote(groupsOf(core.resources), core.aggregation?.versions() ?? []);
  const paths = new Set([...ALWAYS, ...Object.keys(core.documents)]);
  for (const { name, versions } of groups) {
    if (name) paths.add(`/apis/${name}`);
    for (const { version } of versions) paths.add(name ? `/apis/${name}/${version}` : `/api/${version}`);
  }
  for (const probe of PROBES) {
    paths.add(`/${probe}`);
    for (const check of checksOf(probe, checks)) paths.add(`/${probe}/${check.name}`);
  }
  const body = JSON.stringify({ paths: [...paths].sort() }, undefined, 2);
  return { result: { type: "raw", code: 200, contentType: "application/json", body }, format: plainJson, warnings: [] };
}
