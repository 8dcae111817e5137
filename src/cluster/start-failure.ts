/** Why a server or an agent could not start: left beside its log for `up`, which waits for it. */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { writeAtomically } from "../shared/lib/files.ts";

export interface StartFailure {
  code?: string;
  /** Of the error and its causes, in one line. */
  message: string;
}

const fileIn = (dir: string) => join(dir, "start-failure");

export async function tellingFailure<T>(dir: string, start: () => Promise<T>): Promise<T> {
  try {
    return await start();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    writeAtomically(fileIn(dir), JSON.stringify({ code, message: withCauses(error) }));
    throw error;
  }
}

/** What was left since the last `forgetStartFailure`. */
export function startFailure(dir: string): StartFailure | undefined {
  try {
    return JSON.parse(readFileSync(fileIn(dir), "utf8")) as StartFailure;
  } catch {
    return undefined; // none
  }
}

export function forgetStartFailure(dir: string): void {
  rmSync(fileIn(dir), { force: true });
}

function withCauses(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : withCauses(error.cause);
  return cause && !error.message.includes(cause) ? `${error.message}: ${cause}` : error.message;
}
