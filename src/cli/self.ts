/** How this program is started again as a process of its own. */

/** Words of a command line that runs this same build. */
export function executable(): string[] {
  return [process.execPath, ...process.execArgv, process.argv[1]!];
}
