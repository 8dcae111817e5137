/** The Kubernetes release whose behaviour this is: what `/version`, nodes and `knarr version` say. */
export const KUBERNETES_VERSION = "v1.36.2";
