/** The life of a process that `up` supervises: its cluster's folder from the command line, its end on SIGTERM or SIGINT. */
import { setMaxListeners } from "node:events";
import { parseArgs } from "node:util";
import { fail, report } from "../cluster/failure.ts";
import { realClock } from "../shared/lib/platform.ts";

/** What is asked to end has this long before the process leaves anyway. */
const GRACE_MS = 4000;

/** Values of `--name value` options, all of which are required. */
export function requiredOptions<Name extends string>(args: string[], names: readonly Name[]): Record<Name, string> {
  const options = Object.fromEntries(names.map((name) => [name, { type: "string" as const }]));
  const { values } = parsed(args, options);
  for (const name of names) if (typeof values[name] !== "string") fail(`--${name} is required`);
  return values as Record<Name, string>;
}

function parsed(args: string[], options: Record<string, { type: "string" }>) {
  try {
    return parseArgs({ args, options });
  } catch (error) {
    return fail((error as Error).message, error);
  }
}

/** Does the work; ends the process with it. */
export async function untilSignalled(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal); // every part of the process waits on it
  const stop = () => {
    controller.abort(new Error("asked to end"));
    realClock.after(GRACE_MS, () => process.exit(0), { background: true });
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  try {
    await work(controller.signal);
  } catch (error) {
    if (!controller.signal.aborted) {
      report(error);
      process.exit(1);
    }
  }
  process.exit(0);
}
