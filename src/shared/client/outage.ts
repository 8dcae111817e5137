/**
 * A server that cannot be spoken to: an error of its own kind, and one line in the log when it goes and one when it is back,
 * however many requests meet it meanwhile.
 */
import { isApiError } from "../apimachinery/errors.ts";
import type { Logger } from "../lib/logger.ts";
import type { Clock } from "../lib/platform.ts";

/** Nobody listens, the connection broke, or no answer came. The message names the server and the first cause. */
class Unreachable extends Error {
  readonly code: string | undefined;

  constructor(server: string, error: Error) {
    super(`${server} cannot be reached: ${firstCause(error).message}`, { cause: error });
    this.code = (error as NodeJS.ErrnoException).code;
  }
}

/** What a failed exchange throws: answers of the server, and what is wrong with them, stay as they are. */
export function exchangeError(server: string, error: unknown): unknown {
  if (!(error instanceof Error) || isApiError(error) || error instanceof SyntaxError || isUnreachable(error)) return error;
  return new Unreachable(server, error);
}

/** Also where it is the cause of another error. */
export function isUnreachable(error: unknown): error is Error {
  return error instanceof Unreachable || (error instanceof Error && isUnreachable(error.cause));
}

function firstCause(error: Error): Error {
  return error.cause instanceof Error ? firstCause(error.cause) : error;
}

/** Follows one server over all transports that are given it. */
export class Outages {
  readonly #log: Logger;
  readonly #clock: Clock;
  #since: number | undefined;

  constructor(log: Logger, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  failed(error: Error): void {
    if (this.#since !== undefined) return;
    this.#since = this.#clock.monotonic();
    this.#log.warn({ reason: error.message }, "the API server is out of reach; going on with what is known");
  }

  answered(): void {
    if (this.#since === undefined) return;
    const seconds = Math.round((this.#clock.monotonic() - this.#since) / 100) / 10;
    this.#since = undefined;
    this.#log.info({ seconds }, "the API server is back");
  }

  /** A log without what only says once more that the server is out of reach. */
  quiet(log: Logger): Logger {
    const told = (fields: object) => Object.values(fields).some(isUnreachable);
    const level = (name: "debug" | "info" | "warn" | "error") => (fields: object, text: string) =>
      log[told(fields) ? "debug" : name](fields, text);
    return { debug: level("debug"), info: level("info"), warn: level("warn"), error: level("error") };
  }
}
