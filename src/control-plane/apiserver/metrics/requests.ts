/**
 * Counts and times requests. A request costs one look-up: its labels become text only when somebody reads the metrics.
 *
 * @source staging/src/k8s.io/apiserver/pkg/endpoints/metrics/metrics.go v1.36
 */
import type { RequestInfo } from "../chain/request-info.ts";
import type { Answer, Result } from "../chain/types.ts";
import type { Metric, Sample } from "./text.ts";

const BUCKETS = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60];
const MUTATING = new Set(["create", "update", "patch", "delete", "deletecollection"]);
const VERBS: Record<string, string> = { create: "POST", update: "PUT" };

interface Series {
  labels: Record<string, string>;
  codes: Map<number, number>;
  /** How many fell into each bucket; the last one is for all that took longer. */
  buckets: number[];
  seconds: number;
}

export interface RequestMetrics {
  /** What `end` wants back as `begun`. */
  begin(info: RequestInfo): number;
  end<T extends Answer>(request: { info: RequestInfo; dryRun: boolean; begun: number }, answer: T): T;
  metrics(): Metric[];
}

export function requestMetrics(): RequestMetrics {
  const series = new Map<string, Series>();
  const inFlight = { readOnly: 0, mutating: 0 };
  return {
    begin({ verb }) {
      inFlight[kindOf(verb)]++;
      return performance.now();
    },
    end({ info, dryRun, begun }, answer) {
      inFlight[kindOf(info.verb)]--;
      const key = keyOf(info, dryRun);
      let found = series.get(key);
      if (!found) series.set(key, (found = { labels: labelsOf(info, dryRun), codes: new Map(), buckets: [], seconds: 0 }));
      const code = codeOf(answer.result);
      found.codes.set(code, (found.codes.get(code) ?? 0) + 1);
      if (isLong(info)) return answer;
      const seconds = (performance.now() - begun) / 1000;
      let bucket = 0;
      while (seconds > BUCKETS[bucket]!) bucket++;
      found.buckets[bucket] = (found.buckets[bucket] ?? 0) + 1;
      found.seconds += seconds;
      return answer;
    },
    metrics: () => [totals(series.values()), durations(series.values()), running(inFlight)],
  };
}

const isLong = ({ verb, subresource }: RequestInfo) => verb === "watch" || subresource === "log" || subresource === "proxy";

function keyOf(info: RequestInfo, dryRun: boolean): string {
  // Paths that are no resources are of one kind, or every guess would be kept forever.
  if (!info.isResource) return info.verb;
  return `${info.verb} ${info.group} ${info.version} ${info.resource} ${info.subresource} ${scopeOf(info)} ${dryRun}`;
}

function labelsOf(info: RequestInfo, dryRun: boolean): Record<string, string> {
  const { verb, isResource } = info;
  const reported = VERBS[verb] ?? verb.toUpperCase();
  const dry = dryRun ? "All" : "";
  const component = "apiserver";
  if (!isResource)
    return { verb: reported, dry_run: dry, group: "", version: "", resource: "", subresource: "", scope: "", component };
  const { group, version, resource, subresource } = info;
  return { verb: reported, dry_run: dry, group, version, resource, subresource, scope: scopeOf(info), component };
}

function scopeOf({ name, verb, namespace }: RequestInfo): string {
  return name || verb === "create" ? "resource" : namespace ? "namespace" : "cluster";
}

function codeOf(result: Result): number {
  if ("code" in result) return result.code;
  return result.type === "stream" ? result.answer.code : 200;
}

function totals(all: Iterable<Series>): Metric {
  const samples: Sample[] = [];
  for (const { labels, codes } of all) {
    for (const [code, value] of codes) samples.push({ labels: { ...labels, code: String(code) }, value });
  }
  return {
    name: "apiserver_request_total",
    help: "Requests by verb, resource and code of the answer.",
    type: "counter",
    samples,
  };
}

function durations(all: Iterable<Series>): Metric {
  const samples: Sample[] = [];
  for (const { labels, buckets, seconds } of all) {
    let count = 0;
    for (const [i, limit] of [...BUCKETS, Infinity].entries()) {
      count += buckets[i] ?? 0;
      samples.push({ suffix: "_bucket", labels: { ...labels, le: limit === Infinity ? "+Inf" : String(limit) }, value: count });
    }
    samples.push({ suffix: "_sum", labels, value: seconds }, { suffix: "_count", labels, value: count });
  }
  const help = "Seconds until the answer was known, without those that take as long as the client wants.";
  return { name: "apiserver_request_duration_seconds", help, type: "histogram", samples };
}

function running(inFlight: Record<string, number>): Metric {
  const samples = Object.entries(inFlight).map(([kind, value]) => ({ labels: { request_kind: kind }, value }));
  return { name: "apiserver_current_inflight_requests", help: "Requests without an answer yet.", type: "gauge", samples };
}

const kindOf = (verb: string) => (MUTATING.has(verb) ? "mutating" : "readOnly");
