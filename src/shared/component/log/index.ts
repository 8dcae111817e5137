/** Logs as JSON lines on standard error, through pino: synchronous, so that a crash loses nothing. */
import { destination, pino } from "pino";
import { env, formatMicroTime, realClock } from "../../lib/platform.ts";
import type { Logger } from "../../lib/logger.ts";

/** `component` stands in every line. `KNARR_LOG` sets the level (debug, info, warn, error; default info). */
export function createLogger(component: string): Logger {
  return pino(
    {
      level: env("KNARR_LOG") ?? "info",
      base: { component },
      timestamp: () => `,"time":"${formatMicroTime(realClock.now())}"`,
      formatters: { level: (level) => ({ level }) },
      serializers: { error: pino.stdSerializers.err },
    },
    destination({ dest: 2, sync: true }),
  );
}
