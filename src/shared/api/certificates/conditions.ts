/**
 * Conditions of a signing request: when they were set, and the decisions that only `/approval` may touch. Parts that did not change are
 * shared with the stored object, so new values are made and nothing is written into.
 */
import { formatTime } from "../../lib/platform.ts";
import type { CertificateSigningRequest } from "../generated/certificates-v1.ts";

const DECISIONS = ["Approved", "Denied"];

/** Times that are not given are now; a condition that was there in this state keeps the time of its change. */
export function setConditionTimes(
  request: CertificateSigningRequest,
  { status: old }: CertificateSigningRequest,
  now: number,
): void {
  const time = formatTime(now);
  const conditions = request.status?.conditions?.map((condition) => {
    const same = old?.conditions?.find((c) => c.type === condition.type && c.status === condition.status && c.lastTransitionTime);
    return {
      ...condition,
      lastUpdateTime: condition.lastUpdateTime ?? time,
      lastTransitionTime: condition.lastTransitionTime ?? same?.lastTransitionTime ?? time,
    };
  });
  if (conditions) request.status = { ...request.status, conditions };
}

/** Decisions come back as they were; where their number differs validation will say so. */
export function keepDecisions(request: CertificateSigningRequest, { status: old }: CertificateSigningRequest): void {
  const conditions = [...(request.status?.conditions ?? [])];
  if (!conditions.length) return;
  for (const type of DECISIONS) {
    const was = (old?.conditions ?? []).filter((c) => c.type === type);
    const places = conditions.flatMap((c, i) => (c.type === type ? [i] : []));
    if (was.length === places.length) places.forEach((place, i) => (conditions[place] = was[i]!));
  }
  request.status = { ...request.status, conditions };
}
