/** How this program is started again as a process of its own. */
import { fileURLToPath } from "node:url";

/** Words of a command line that runs this same build. */
export function executable(): string[] {
  return [process.execPath, ...process.execArgv, process.argv[1] ?? fileURLToPath(import.meta.url)];
}
