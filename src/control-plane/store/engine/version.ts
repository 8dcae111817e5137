/** One version of a key, as readers and watches get it; a deleted key's is a tombstone with `version` 0. Never changed once made. */
import type { KeyValue, WatchEventRecord } from "../types.ts";

export const NO_LEASE = 0n;
const NO_BYTES = new Uint8Array(0);

export class Version implements KeyValue {
  readonly key: string;
  readonly value: Uint8Array;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
  readonly lease: bigint;

  constructor(key: string, value: Uint8Array, createRevision: number, modRevision: number, version: number, lease: bigint) {
    this.key = key;
    this.value = value;
    this.createRevision = createRevision;
    this.modRevision = modRevision;
    this.version = version;
    this.lease = lease;
  }
}

export function tombstone(key: string, revision: number): Version {
  return new Version(key, NO_BYTES, 0, revision, 0, NO_LEASE);
}

export interface Change extends WatchEventRecord {
  kv: Version;
  prev: Version | undefined;
}

/** What one write transaction changed. */
export interface Transaction {
  revision: number;
  changes: Change[];
}
