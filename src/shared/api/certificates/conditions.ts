/** Conditions of a signing request: when they were set, and the decisions that only `/approval` may touch. */
import { formatTime } from "../../lib/platform.ts";
import type { CertificateSigningRequest } from "../generated/certificates-v1.ts";

const DECISIONS = ["Approved", "Denied"];

/** Times that are not given are now; a condition that was there in this state keeps the time of its change. */
export function setConditionTimes(
  { status }: CertificateSigningRequest,
  { status: old }: CertificateSigningRequest,
  now: number,
): void {
  const time = formatTime(now);
  for (const condition of status?.conditions ?? []) {
    condition.lastUpdateTime ??= time;
    const same = old?.conditions?.find((c) => c.type === condition.type && c.status === condition.status && c.lastTransitionTime);
    condition.lastTransitionTime ??= same?.lastTransitionTime ?? time;
  }
}

/** Decisions come back as they were; where their number differs validation will say so. */
export function keepDecisions({ status }: CertificateSigningRequest, { status: old }: CertificateSigningRequest): void {
  const conditions = status?.conditions;
  if (!conditions) return;
  for (const type of DECISIONS) {
    const was = (old?.conditions ?? []).filter((c) => c.type === type);
    const places = conditions.flatMap((c, i) => (c.type === type ? [i] : []));
    if (was.length === places.length) places.forEach((place, i) => (conditions[place] = structuredClone(was[i]!)));
  }
}
