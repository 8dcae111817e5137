/**
 * Runs programs of the operating system (`ip`, `nft`, `mount`) and reports how they failed.
 *
 * Whoever needs one takes a `Run`, so that the same code works in this process's namespaces or, through a prefix such as
 * `nsenter --net=FILE`, in others.
 */
import { spawn } from "node:child_process";
import { childEnvironment, env } from "./platform.ts";

export interface CommandOptions {
  /** Written to standard input, which is then closed. */
  input?: string | Uint8Array | NodeJS.ReadableStream;
  signal?: AbortSignal;
  /** Where it is run; default: where this process is. */
  cwd?: string;
  /** Answers with the failure's code instead of throwing. */
  allowFailure?: boolean;
}

export interface CommandResult {
  code: number;
  stdout: string;
  stderr: string;
}

export type Run = (argv: readonly string[], options?: CommandOptions) => Promise<CommandResult>;

/** A program answered with a failure, or could not be started (`code` 127). */
export class CommandError extends Error {
  readonly code: number;
  readonly stderr: string;

  constructor(argv: readonly string[], result: CommandResult) {
    super(`${argv.join(" ")}: ${result.stderr.trim() || `exit status ${result.code}`}`);
    this.name = "CommandError";
    this.code = result.code;
    this.stderr = result.stderr;
  }
}

/** PATH of this process with the places where root's programs are. */
export const commandPath = (): string => `${env("PATH") ?? "/usr/local/bin:/usr/bin:/bin"}:/usr/local/sbin:/usr/sbin:/sbin`;

/** Runs a program to its end in this process's own namespaces. */
export const run: Run = (argv, options = {}) =>
  new Promise((resolve, reject) => {
    const child = spawn(argv[0]!, argv.slice(1), {
      stdio: "pipe",
      signal: options.signal,
      cwd: options.cwd,
      env: childEnvironment({ PATH: commandPath() }),
    });
    const finish = (result: CommandResult) =>
      result.code === 0 || options.allowFailure ? resolve(result) : reject(new CommandError(argv, result));
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
    child.on("error", (error) =>
      options.signal?.aborted ? reject(options.signal.reason) : finish({ code: 127, stdout, stderr: error.message }),
    );
    child.on("close", (code, signal) =>
      finish({ code: code ?? 128, stdout, stderr: signal ? `${stderr}killed by ${signal}` : stderr }),
    );
    child.stdin.on("error", () => {}); // the program closed its input early: its exit status says why
    const { input } = options;
    if (input && typeof input === "object" && "pipe" in input) input.pipe(child.stdin);
    else child.stdin.end(input ?? "");
  });

/** The same, with every command behind `prefix`, e.g. `["nsenter", "--net=/run/x"]`. */
export function runBehind(prefix: readonly string[], inner: Run = run): Run {
  return (argv, options) => inner([...prefix, ...argv], options);
}
