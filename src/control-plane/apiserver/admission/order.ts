/**
 * The admission plugins in the order in which they run; the order is upstream's and carries meaning.
 *
 * @source pkg/kubeapiserver/options/plugins.go v1.36
 */
import type { AdmissionPlugin } from "../types.ts";

export function admissionPlugins(): AdmissionPlugin[] {
  return [];
}
