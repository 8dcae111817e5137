/**
 * Loads a bundle of the build with V8's code cache, which saves compiling it: a third of the time in which the server starts.
 *
 * A cache holds the functions that a process of the same purpose had compiled by the time it was made. V8 takes it only from its
 * own version, processor and flags, so the first process of each writes its own beside the bundle, later ones read it; where the
 * folder cannot be written every process compiles, as it would without all this. The names of bundles carry a hash of their
 * content, because V8 itself compares nothing of the source but its length.
 */
import { existsSync, fsyncSync, closeSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { constants, Script } from "node:vm";
import { crc32 } from "node:zlib";
import { env, realClock } from "../../shared/lib/platform.ts";

/** By then a server has started and all it needs for that is compiled; shorter lives write theirs when they end. */
const SETTLED_MS = 1500;
const HEAD = "(function (exports, require, module, __filename, __dirname) {";

/**
 * @param file absolute path of a CommonJS bundle in ASCII
 * @param purpose what the process does with it; processes of one purpose share a cache
 * @returns what the bundle exports
 */
export function loadBundle(file: string, purpose: string): unknown {
  const require = createRequire(file);
  if (process.sourceMapsEnabled) return require(file); // only Node's own loader reads the map
  const place = cacheFile(file, purpose);
  const cachedData = readCache(place);
  const script = new Script(`${HEAD}${readFileSync(file, "latin1")}\n})`, {
    filename: file,
    columnOffset: -HEAD.length, // positions in stack traces are those in the file
    cachedData,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  if (!cachedData || script.cachedDataRejected) writeCacheLater(place, script);
  const module = { exports: {} };
  (script.runInThisContext() as Wrapper)(module.exports, require, module, file, dirname(file));
  return module.exports;
}

type Wrapper = (exports: object, require: NodeJS.Require, module: object, filename: string, dirname: string) => void;

function cacheFile(file: string, purpose: string): string {
  const flags = [...process.execArgv, env("NODE_OPTIONS") ?? ""].join(" ").trim();
  const maker = `${process.version}-${process.arch}${flags && `-${crc32(flags).toString(16)}`}`;
  return join(dirname(file), "cache", `${file.slice(dirname(file).length + 1)}-${purpose}-${maker}`);
}

/** V8 checks no sum and dies of a damaged cache: the last four bytes are the sum of the others. */
function readCache(place: string): Buffer | undefined {
  try {
    const content = readFileSync(place);
    const data = content.subarray(0, -4);
    return content.length > 4 && content.readUInt32LE(data.length) === crc32(data) ? data : undefined;
  } catch {
    return undefined; // not made yet
  }
}

function writeCacheLater(place: string, script: Script): void {
  let written = false;
  const write = () => {
    if (written || process.exitCode) return;
    written = true;
    writeCache(place, script.createCachedData());
  };
  realClock.after(SETTLED_MS, write, { background: true });
  process.once("exit", write);
}

function writeCache(place: string, data: Buffer): void {
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE(crc32(data));
  const temporary = `${place}.${process.pid}.tmp`;
  try {
    if (!existsSync(dirname(place))) mkdirSync(dirname(place));
    const handle = openSync(temporary, "w");
    try {
      writeFileSync(handle, data);
      writeFileSync(handle, sum);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(temporary, place);
  } catch {
    drop(temporary); // somebody else's, read-only or full: it is a matter of speed only
  }
}

function drop(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    return; // not even that is allowed there
  }
}
