/** What the package exports as `knarr/testing`: the library out of the server's bundle, with its code cache. */
import { join } from "node:path";
import { loadBundle } from "../cli/launch/bundle.ts";

/** Put in by the build: file names by the names of bundles. */
declare const KNARR_BUNDLES: Readonly<Record<string, string>>;

export const { startCluster } = loadBundle(
  join(import.meta.dirname, KNARR_BUNDLES["server"]!),
  "server",
) as typeof import("./index.ts");
