/** `/version`. */
import { KUBERNETES_VERSION } from "../../../shared/apimachinery/version.ts";

export const version = {
  major: "1",
  minor: "36",
  emulationMajor: "1",
  emulationMinor: "36",
  minCompatibilityMajor: "1",
  minCompatibilityMinor: "35",
  gitVersion: KUBERNETES_VERSION,
  gitCommit: "",
  gitTreeState: "clean",
  buildDate: "2026-06-01T00:00:00Z",
  goVersion: "",
  // What clients compare; upstream's compiler, since some parse it.
  compiler: "gc",
  platform: `linux/${process.arch === "x64" ? "amd64" : process.arch}`,
};
