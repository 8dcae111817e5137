/** Takes the library out of the server's bundle, with its code cache. The build exports all that it holds as `knarr/testing`. */
import { join } from "node:path";
import { loadBundle } from "../cli/launch/bundle.ts";

/** Put in by the build: file names by the names of bundles. */
declare const KNARR_BUNDLES: Readonly<Record<string, string>>;

export const { library } = loadBundle(join(import.meta.dirname, KNARR_BUNDLES["server"]!), "server") as {
  library: typeof import("./index.ts");
};
