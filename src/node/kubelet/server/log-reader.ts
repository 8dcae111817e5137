/**
 * Reads a container's log file as its text: the last lines, since a time, and on as it grows, across rotation.
 *
 * @source k8s.io/cri-client pkg/logs/logs.go
 */
import { watch } from "node:fs";
import { open, stat, type FileHandle } from "node:fs/promises";
import { parseTime, type Clock } from "../../../shared/lib/platform.ts";
import { parseLogLine, type LogLine } from "./log-line.ts";

export interface LogOptions {
  follow: boolean;
  timestamps: boolean;
  /** Milliseconds since the epoch. */
  since?: number;
  tailLines?: number;
  limitBytes?: number;
  stream?: "stdout" | "stderr";
  isRunning(): boolean;
}

const BLOCK = 64 * 1024;
/** How long to wait for a notice of change before looking anyway. */
const POLL_MS = 1_000;

export async function* readLog(path: string, options: LogOptions, clock: Clock, signal: AbortSignal): AsyncIterable<Buffer> {
  let left = options.limitBytes ?? Infinity;
  const render = new Renderer(options);
  for await (const line of readLines(path, options, clock, signal)) {
    const text = render.line(line);
    if (!text) continue;
    const bytes = Buffer.from(text);
    yield bytes.length > left ? bytes.subarray(0, left) : bytes;
    left -= bytes.length;
    if (left <= 0) return;
  }
}

/** From records to text: a line may come in several parts. */
class Renderer {
  readonly #options: LogOptions;
  #within = false;

  constructor(options: LogOptions) {
    this.#options = options;
  }

  line(raw: string): string {
    const record = parseLogLine(raw);
    if (!record || !this.#wanted(record)) return "";
    const prefix = this.#options.timestamps && !this.#within ? `${record.time} ` : "";
    this.#within = record.partial;
    return `${prefix}${record.text}${record.partial ? "" : "\n"}`;
  }

  #wanted({ stream, time }: LogLine): boolean {
    if (this.#options.stream && stream !== this.#options.stream) return false;
    return this.#options.since === undefined || parseTime(time) >= this.#options.since;
  }
}

async function* readLines(path: string, options: LogOptions, clock: Clock, signal: AbortSignal): AsyncIterable<string> {
  let file = await open(path, "r");
  const changes = options.follow ? new FileChanges(path, clock, signal) : undefined;
  try {
    let offset = options.tailLines === undefined ? 0 : await tailOffset(file, options.tailLines);
    let rest: Buffer = Buffer.alloc(0);
    let replaced = false;
    while (!signal.aborted) {
      // Asked first: what it wrote before it ended is in the file by then.
      const running = options.isRunning();
      const { buffer, bytesRead } = await file.read(Buffer.alloc(BLOCK), 0, BLOCK, offset);
      if (bytesRead > 0) {
        offset += bytesRead;
        const data = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
        const end = data.lastIndexOf(0x0a) + 1;
        for (const line of data.subarray(0, end).toString().split("\n")) if (line) yield line;
        rest = data.subarray(end);
        continue;
      }
      if (!changes) return;
      if (replaced) {
        await file.close();
        file = await open(path, "r");
        offset = 0;
        replaced = false;
      } else if (await wasRotated(path, file)) {
        replaced = true; // what was still written to the old one is read first
      } else if (!running) return;
      else await changes.next();
    }
  } finally {
    changes?.close();
    await file.close();
  }
}

async function wasRotated(path: string, file: FileHandle): Promise<boolean> {
  const [now, ours] = await Promise.all([stat(path).catch(() => undefined), file.stat()]);
  return now !== undefined && now.ino !== ours.ino;
}

/** Where the last `count` lines begin. */
async function tailOffset(file: FileHandle, count: number): Promise<number> {
  const { size } = await file.stat();
  if (count === 0) return size;
  let found = 0;
  for (let end = size; end > 0;) {
    const begin = Math.max(0, end - BLOCK);
    const { buffer } = await file.read(Buffer.alloc(end - begin), 0, end - begin, begin);
    for (let at = buffer.length - 1; at >= 0; at--) {
      // The newline that ends the file begins no line.
      if (buffer[at] === 0x0a && begin + at !== size - 1 && ++found === count) return begin + at + 1;
    }
    end = begin;
  }
  return 0;
}

/** Wakes at the system's notice, or after a while without one. */
class FileChanges {
  readonly #clock: Clock;
  readonly #watcher: ReturnType<typeof watch> | undefined;
  readonly #signal: AbortSignal;
  #wake: (() => void) | undefined;
  #changed = false;

  constructor(path: string, clock: Clock, signal: AbortSignal) {
    this.#clock = clock;
    this.#signal = signal;
    const notice = () => {
      this.#changed = true;
      this.#wake?.();
    };
    try {
      this.#watcher = watch(path, notice);
      this.#watcher.on("error", () => {}); // looked at all the same, a little later
    } catch {
      this.#watcher = undefined; // no inotify instances left: polling remains
    }
    signal.addEventListener("abort", notice, { once: true });
  }

  async next(): Promise<void> {
    if (!this.#changed && !this.#signal.aborted) {
      await new Promise<void>((resolve) => {
        const timer = this.#clock.after(POLL_MS, resolve, { background: true });
        this.#wake = () => {
          timer.cancel();
          resolve();
        };
      });
    }
    this.#changed = false;
    this.#wake = undefined;
  }

  close(): void {
    this.#watcher?.close();
  }
}
