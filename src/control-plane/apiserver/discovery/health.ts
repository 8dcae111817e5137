/**
 * `/healthz`, `/livez`, `/readyz`: alone `ok`, with `verbose` one check a line, below them each check by itself.
 *
 * @source staging/src/k8s.io/apiserver/pkg/server/healthz v1.36
 */
import type { Answer, Incoming } from "../chain/types.ts";
import { plainJson } from "../chain/failure.ts";

export interface HealthCheck {
  name: string;
  /** Absent: all. */
  probes?: readonly Probe[];
  /** Rejects or throws where it is not well. */
  check(): void | Promise<void>;
}

export const PROBES = ["healthz", "livez", "readyz"] as const;
type Probe = (typeof PROBES)[number];

export const checksOf = (probe: Probe, checks: readonly HealthCheck[]) =>
  checks.filter(({ probes = PROBES }) => probes.includes(probe));

const PROBE = new RegExp(`^/(${PROBES.join("|")})(?:/(.*))?$`);

/** undefined: no path of a probe. */
export function health(checks: readonly HealthCheck[], request: Incoming): Promise<Answer> | Answer | undefined {
  const match = PROBE.exec(request.path);
  if (!match) return undefined;
  const [, probe, single] = match as unknown as [string, Probe, string | undefined];
  const asked = checksOf(probe, checks);
  const chosen = single === undefined ? asked : asked.filter((c) => c.name === single);
  if (single !== undefined && !chosen.length) return undefined;
  return report(probe, chosen, request, single);
}

async function report(
  probe: string,
  checks: readonly HealthCheck[],
  request: Incoming,
  single: string | undefined,
): Promise<Answer> {
  const excluded = new Set(request.query.getAll("exclude"));
  const lines: string[] = [];
  let failed = false;
  for (const { name, check } of checks) {
    if (excluded.delete(name)) {
      lines.push(`[+]${name} excluded: ok`);
      continue;
    }
    try {
      await check();
      lines.push(`[+]${name} ok`);
    } catch {
      failed = true;
      lines.push(`[-]${name} failed: reason withheld`);
    }
  }
  if (excluded.size)
    lines.push(
      `warn: some health checks cannot be excluded: no matches for ${[...excluded]
        .sort()
        .map((e) => JSON.stringify(e))
        .join(",")}`,
    );
  if (failed) return text(500, `${lines.join("\n")}\n${probe} check failed\n`);
  if (!request.query.has("verbose") || single) return text(200, "ok");
  return text(200, `${lines.join("\n")}\n${probe} check passed\n`);
}

function text(code: number, body: string): Answer {
  return {
    result: { type: "raw", code, contentType: "text/plain; charset=utf-8", body },
    format: plainJson,
    warnings: [],
    headers: { "x-content-type-options": "nosniff" },
  };
}
