/** What `up` tells while it works: one line a step, with how long it took; a step that is under way shows on a terminal. */
import { realClock } from "../shared/lib/platform.ts";

export interface Progress {
  say(line: string): void;
  /** Runs a step and reports it. */
  step<T>(title: string, work: () => Promise<T>): Promise<T>;
}

export function terminalProgress(out: NodeJS.WriteStream = process.stderr): Progress {
  return {
    say: (line) => void out.write(`  ${line}\n`),
    async step(title, work) {
      const began = realClock.monotonic();
      if (out.isTTY) out.write(`… ${title}`);
      const end = (mark: string) => {
        const seconds = ((realClock.monotonic() - began) / 1000).toFixed(1);
        out.write(`${out.isTTY ? "\r\x1b[K" : ""}${mark} ${title} (${seconds} s)\n`);
      };
      try {
        const result = await work();
        end("✓");
        return result;
      } catch (error) {
        end("✗");
        throw error;
      }
    },
  };
}
