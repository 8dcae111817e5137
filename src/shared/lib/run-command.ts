/** Runs a program of the host to its end: arguments never pass a shell, output is collected, failure is thrown with what it said. */
import { spawn } from "node:child_process";
import { env } from "./platform.ts";

export interface CommandOptions {
  /** Written to its standard input. */
  input?: string | Uint8Array | NodeJS.ReadableStream;
  env?: Record<string, string>;
  cwd?: string;
  signal?: AbortSignal;
}

/** PATH of this process with the places where root's programs are. */
export const commandPath = (): string => `${env("PATH") ?? "/usr/local/bin:/usr/bin:/bin"}:/usr/local/sbin:/usr/sbin:/sbin`;

/** Resolves with standard output; rejects when the program is absent, is killed, or ends with another code than 0. */
export function runCommand(command: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, ...options.env, PATH: commandPath() },
      cwd: options.cwd,
      signal: options.signal,
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on("data", (chunk) => out.push(chunk));
    child.stderr.on("data", (chunk) => err.push(chunk));
    child.on("error", (cause) => reject(new Error(`${command}: ${cause.message}`, { cause })));
    child.on("close", (code, signal) => {
      if (code === 0) return resolve(Buffer.concat(out).toString());
      const said = (Buffer.concat(err).toString() || Buffer.concat(out).toString()).trim();
      reject(new Error(`${command} ${args.join(" ")}: ${signal ?? `exit status ${code}`}${said && `: ${said}`}`));
    });
    // A program that ends before it has read everything is judged by its exit code.
    child.stdin.on("error", () => {});
    const { input } = options;
    if (input && typeof input === "object" && "pipe" in input) input.pipe(child.stdin);
    else child.stdin.end(input);
  });
}
