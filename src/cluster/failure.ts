/** How the program tells that it failed. */
import { env } from "../shared/lib/platform.ts";

/** What the user did or the machine lacks: printed as one line, without a stack. */
export class Failure extends Error {
  override name = "Failure";
}

export function fail(message: string, cause?: unknown): never {
  throw new Failure(message, { cause });
}

/** The last word of a process that could not do what it was called for. */
export function report(error: unknown): void {
  if ((error instanceof Failure || isRefusal(error)) && !env("KNARR_DEBUG")) console.error(`knarr: ${error.message}`);
  else console.error(error);
}

/** What the system refused, with the file in its message: no permission, no room, read-only. */
function isRefusal(error: unknown): error is Error {
  const { code = "", path } = error as NodeJS.ErrnoException;
  return error instanceof Error && path !== undefined && ["EACCES", "EPERM", "ENOSPC", "EROFS", "EDQUOT"].includes(code);
}
