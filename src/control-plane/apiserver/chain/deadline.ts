/**
 * `?timeout=`: how long a request may take. What is asked for is judged as upstream judges it; nothing here takes long enough to be cut.
 *
 * @source staging/src/k8s.io/apiserver/pkg/endpoints/filters/request_deadline.go v1.36
 */
import { badRequest } from "../../../shared/apimachinery/errors.ts";
import type { RequestInfo } from "./request-info.ts";

const PART = /^(?:\d+\.?\d*|\.\d+)/;
const UNIT = /^[^\d.]+/;
const UNITS = new Set(["ns", "us", "µs", "μs", "ms", "s", "m", "h"]);
const LASTING = new Set(["exec", "attach", "portforward", "proxy", "log"]);

/** Throws 400. */
export function checkTimeout(info: RequestInfo, query: URLSearchParams): void {
  const text = query.get("timeout");
  if (!text || info.verb === "watch" || info.verb === "proxy" || LASTING.has(info.subresource)) return;
  const fault = durationFault(text);
  if (fault) throw badRequest(`invalid timeout specified in the request URL - ${fault}`);
}

/** What Go says to a duration that is none. */
function durationFault(text: string): string | undefined {
  const quoted = JSON.stringify(text);
  let rest = text.replace(/^[+-]/, "");
  if (rest === "0") return undefined;
  if (!rest) return `time: invalid duration ${quoted}`;
  while (rest) {
    const number = PART.exec(rest)?.[0];
    if (!number) return `time: invalid duration ${quoted}`;
    rest = rest.slice(number.length);
    const unit = UNIT.exec(rest)?.[0];
    if (!unit) return `time: missing unit in duration ${quoted}`;
    if (!UNITS.has(unit)) return `time: unknown unit ${JSON.stringify(unit)} in duration ${quoted}`;
    rest = rest.slice(unit.length);
  }
  return undefined;
}
