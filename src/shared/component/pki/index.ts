/** Certificates and keys of a cluster, and the kubeconfigs made of them. */
export { openClusterPki, type ClusterPki, type ClusterPkiOptions } from "./cluster-pki.ts";
export { certify, fromPem, toPem, type Authority, type KeyedCertificate } from "../../lib/x509/index.ts";
export { createSigningRequest, readSigningRequest, type SigningRequest } from "../../lib/x509/index.ts";
export { kubeconfig, type KubeconfigOptions } from "./kubeconfig.ts";
export { toJwk, type ServiceAccountKeys, type SigningKey } from "./service-account-keys.ts";
export { identities } from "./identities.ts";
export type { Subject, SubjectAltNames } from "../../lib/x509/index.ts";
