/** What `knarr version` and `knarr --version` print. */
import { KUBERNETES_VERSION } from "../shared/apimachinery/version.ts";

/** Put in by the build. */
declare const KNARR_VERSION: string;

export function versionText(): string {
  return `knarr ${KNARR_VERSION} (Kubernetes ${KUBERNETES_VERSION}, Node.js ${process.version})`;
}
