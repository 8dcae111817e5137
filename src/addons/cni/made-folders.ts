/**
 * Empty folders that were made on the host as mount points, remembered in a file until they are taken away again. The record lies
 * on disk and is written first: the folders outlive a reboot and a kill, so must the memory of them.
 */
import { existsSync, mkdirSync, readFileSync, rmdirSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { writeAtomically } from "../../shared/lib/files.ts";

/** Makes the folders that are missing, and those above them. */
export function makeFolders(record: string, folders: readonly string[]): void {
  const missing = [...new Set(folders.flatMap(missingIn))];
  if (!missing.length) return;
  writeAtomically(record, JSON.stringify([...new Set([...recorded(record), ...missing])]));
  for (const folder of missing) mkdirSync(folder, { recursive: true, mode: 0o755 });
}

/** Takes away what `makeFolders` made, as far as it is empty, and the record. */
export function removeMadeFolders(record: string): void {
  for (const folder of recorded(record).toReversed()) removeEmpty(folder);
  rmSync(record, { force: true });
  if (existsSync(dirname(record))) removeEmpty(dirname(record));
}

/** The folder and those above it that are not there, outermost first. */
function missingIn(folder: string): string[] {
  if (!existsSync(folder)) return [...missingIn(dirname(folder)), folder];
  if (!statSync(folder).isDirectory()) throw new Error(`${folder} is no folder`);
  return [];
}

function recorded(record: string): string[] {
  try {
    return JSON.parse(readFileSync(record, "utf8")) as string[];
  } catch {
    return []; // none yet
  }
}

function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    // In use by somebody else by now, or gone already.
    if (!["ENOTEMPTY", "ENOENT", "EBUSY"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}
