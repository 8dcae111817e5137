/** Certificates and keys of a cluster, and the kubeconfigs made of them. */
export { openClusterPki, type ClusterPki } from "./cluster-pki.ts";
export { certify, type Authority, type KeyedCertificate } from "../../lib/x509/index.ts";
export { readSigningRequest, type SigningRequest } from "../../lib/x509/index.ts";
export { kubeconfig } from "./kubeconfig.ts";
export { toJwk, type ServiceAccountKeys, type SigningKey } from "./service-account-keys.ts";
export { identities } from "./identities.ts";
