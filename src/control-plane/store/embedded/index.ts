/** The embedded engine: one process, state in memory, a directory of files or nothing at all beneath it. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { realPlatform, type Platform } from "../../../shared/lib/platform.ts";
import { StoreOpenError, type Store, type StoreUnavailableError } from "../types.ts";
import { DiskJournal } from "./disk-journal.ts";
import { EmbeddedStore, type EngineParts } from "./engine.ts";
import { MemoryJournal } from "./journal.ts";
import { FIRST_REVISION, KeySpace } from "./key-space.ts";
import { Leases } from "./leases.ts";
import { lockDirectory } from "./lock.ts";
import { recover } from "./recovery.ts";
import { Wal } from "./wal.ts";

export interface EmbeddedStoreOptions {
  /** Directory for the data, made where it is absent. Without it the store is in memory alone. */
  path?: string;
  /** The directory has been in use: one that holds nothing has lost its files. */
  dataExpected?: boolean;
  platform?: Platform;
  /** How long old revisions can be read and watched from (default 5 minutes). */
  historyMs?: number;
  /** History beyond this many bytes written is forgotten earlier (default 256 MiB; a quarter of that in memory). */
  historyBytes?: number;
  /** How long to wait for another process to let go of the directory: one that was killed may take a moment to end (default 1000). */
  lockWaitMs?: number;
  /** Called once when a write could not be made durable: the store refuses all further work from then on. */
  onFailure?: (error: StoreUnavailableError) => void;
  /** Called when something went wrong that is tried again, and costs no data. */
  onWarning?: (error: Error) => void;
}

/**
 * Opens, or makes, an embedded store.
 * @throws StoreOpenError where another process has the directory open, or its files are damaged; it names the file
 */
export async function openEmbeddedStore(options: EmbeddedStoreOptions = {}): Promise<Store> {
  const parts = options.path === undefined ? inMemory(options) : await onDisk(options.path, options);
  return new EmbeddedStore(parts);
}

function common({ platform = realPlatform, historyMs = 300_000, historyBytes, path, onFailure }: EmbeddedStoreOptions) {
  const limits = { historyMs, historyBytes: historyBytes ?? (path === undefined ? 64 << 20 : 256 << 20), sampleMs: 5000 };
  return { platform, limits, onFailure };
}

function inMemory(options: EmbeddedStoreOptions): EngineParts {
  const parts = common(options);
  const leases = (onEnd: (lease: bigint) => void) => new Leases(parts.platform, onEnd);
  return { ...parts, state: new KeySpace(), leases, journal: new MemoryJournal(), release: () => {} };
}

async function onDisk(directory: string, options: EmbeddedStoreOptions): Promise<EngineParts> {
  const parts = common(options);
  const { random } = parts.platform;
  const { lock, made } = await prepare(directory, options.lockWaitMs ?? 1000);
  try {
    const { state, leases, segments, checkpoint } = recover(directory);
    if (options.dataExpected && state.head === FIRST_REVISION)
      throw new StoreOpenError(directory, "holds nothing although it has been in use: its files are missing or empty");
    const wal = new Wal(directory, segments, state.head, random, made ? [dirname(directory)] : []);
    const journal = new DiskJournal(
      directory,
      wal,
      checkpoint,
      () => Buffer.from(random.bytes(4)).readUInt32LE(),
      options.onWarning,
    );
    return {
      ...parts,
      state,
      leases: (onEnd) => revive(new Leases(parts.platform, onEnd), leases, state),
      journal,
      release: lock.release,
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function prepare(directory: string, waitMs: number) {
  try {
    const made = mkdirSync(directory, { recursive: true, mode: 0o700 }) !== undefined;
    return { made, lock: await lockDirectory(directory, waitMs) };
  } catch (error) {
    if (error instanceof StoreOpenError) throw error;
    throw new StoreOpenError(directory, `cannot be used as data directory: ${(error as Error).message}`, error);
  }
}

/** After a restart each lease begins anew, as etcd's do. */
function revive(leases: Leases, seconds: Map<bigint, number>, state: KeySpace): Leases {
  for (const [id, ttl] of seconds) leases.add(id, ttl);
  if (seconds.size > 0) state.eachLeased((lease, key) => leases.attach(lease, key));
  return leases;
}
