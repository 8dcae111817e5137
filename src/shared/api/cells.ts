/** Texts that table cells of many kinds share. */
import { humanDuration } from "../apimachinery/duration.ts";
import { parseTime } from "../lib/platform.ts";

export const NONE = "<none>";
export const UNSET = "<unset>";

/** How long ago a time was: `5m`. */
export const since = (time: string | undefined, now: number): string =>
  time ? humanDuration(now - parseTime(time)) : "<unknown>";

export const age = ({ metadata }: { metadata: { creationTimestamp?: string } }, { now }: { now: number }): string =>
  since(metadata.creationTimestamp, now);

/** `a=1,b=2`, in key order. */
export function labelText(labels: Readonly<Record<string, string>> | undefined): string {
  const keys = Object.keys(labels ?? {}).sort();
  return keys.length ? keys.map((key) => `${key}=${labels![key]}`).join(",") : NONE;
}

/** Addresses of a load balancer: sorted, each once. */
export function balancerAddresses(status: { ingress?: readonly { ip?: string; hostname?: string }[] } | undefined): string[] {
  return [...new Set((status?.ingress ?? []).flatMap(({ ip, hostname }) => ip || hostname || []))].sort();
}
