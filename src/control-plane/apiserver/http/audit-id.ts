/**
 * The header by which a request is found again in logs: as the client gave it, else an id of this answer alone.
 *
 * @source staging/src/k8s.io/apiserver/pkg/endpoints/filters/request_audit_init.go v1.36
 */
import { realPlatform } from "../../../shared/lib/platform.ts";
import type { Encoded } from "../negotiation/encode.ts";

const HEADER = "audit-id";

/** A uuid whose first digits count: random ones for each answer would cost more than many an answer. */
const tail = realPlatform.random.uuid().slice(8);
let count = 0;

export function addAuditId(headers: Encoded["headers"], asked: Readonly<Record<string, string | string[] | undefined>>): void {
  headers[HEADER] = asked[HEADER] || headers[HEADER] || nextId();
}

function nextId(): string {
  count = (count + 1) >>> 0;
  return count.toString(16).padStart(8, "0") + tail;
}
