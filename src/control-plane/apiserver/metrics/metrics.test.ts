import { expect, test } from "vitest";
import { parseRequestInfo } from "../chain/request-info.ts";
import { requestMetrics } from "./requests.ts";
import { textOf } from "./text.ts";

test("requests are counted by what they asked for and what they got", () => {
  const requests = requestMetrics();
  const ask = (method: string, path: string, code: number) => {
    const info = parseRequestInfo(method, path, new URLSearchParams());
    const begun = requests.begin(info);
    requests.end({ info, dryRun: false, begun }, { result: { type: "raw", code } } as never);
  };
  ask("GET", "/api/v1/namespaces/a/pods/x", 200);
  ask("GET", "/api/v1/namespaces/b/pods/y", 200);
  ask("GET", "/api/v1/namespaces/b/pods/y", 404);
  ask("GET", "/nowhere", 404);
  const text = textOf(requests.metrics());
  const pods =
    'verb="GET",dry_run="",group="",version="v1",resource="pods",subresource="",scope="resource",component="apiserver"';
  expect(text).toContain(`apiserver_request_total{${pods},code="200"} 2\n`);
  expect(text).toContain(`apiserver_request_total{${pods},code="404"} 1\n`);
  expect(text).toContain(`apiserver_request_duration_seconds_bucket{${pods},le="+Inf"} 3\n`);
  expect(text).toContain(`apiserver_current_inflight_requests{request_kind="readOnly"} 0\n`);
});
