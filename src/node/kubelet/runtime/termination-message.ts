/**
 * The last words of a container: the file it may write, or the tail of its log.
 *
 * @source pkg/kubelet/kuberuntime/kuberuntime_container.go getTerminationMessage v1.36
 */
import { open } from "node:fs/promises";
import type { ContainerStatus } from "../../cri/index.ts";
import { parseLogLine } from "../server/log-line.ts";
import type { ContainerNotes } from "./labels.ts";

const MAX_FILE_BYTES = 4096;
const MAX_LOG_BYTES = 2048;
const MAX_LOG_LINES = 80;

export async function terminationMessage(status: ContainerStatus, notes: ContainerNotes): Promise<string> {
  const own = await fromFile(status, notes);
  const fallback = notes.terminationMessagePolicy === "FallbackToLogsOnError" && status.exit_code !== 0;
  const said = own || !fallback ? own : await fromLog(status.log_path);
  return [status.message, said].filter(Boolean).join(": ");
}

async function fromFile(status: ContainerStatus, notes: ContainerNotes): Promise<string> {
  const path = notes.terminationMessagePath;
  const mount = path ? status.mounts.find((mount) => mount.container_path === path) : undefined;
  return mount ? readPart(mount.host_path, MAX_FILE_BYTES, "start") : "";
}

async function fromLog(path: string): Promise<string> {
  if (!path) return "";
  // A record is longer than its text: read more than is wanted, then cut.
  const records = await readPart(path, MAX_LOG_BYTES * 4, "end");
  const lines = records.split("\n").flatMap((line) => parseLogLine(line) ?? []);
  const text = lines.slice(-MAX_LOG_LINES).map(({ text, partial }) => (partial ? text : `${text}\n`));
  return Buffer.from(text.join("")).subarray(-MAX_LOG_BYTES).toString();
}

/** At most `limit` bytes from one end of a file; empty when it cannot be read. */
async function readPart(path: string, limit: number, from: "start" | "end"): Promise<string> {
  try {
    const file = await open(path, "r");
    try {
      const { size } = await file.stat();
      const length = Math.min(size, limit);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, from === "end" ? size - length : 0);
      return buffer.subarray(0, bytesRead).toString();
    } finally {
      await file.close();
    }
  } catch (error) {
    return `Error on reading termination log ${path}: ${(error as Error).message}`;
  }
}
