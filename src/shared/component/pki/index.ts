/** Certificates and keys of a cluster, and the kubeconfigs made of them. */
export { openClusterPki, type ClusterPki, type ClusterPkiOptions } from "./cluster-pki.ts";
export { certify, fromPem, toPem, type Authority, type KeyedCertificate } from "./certificate.ts";
export { createSigningRequest, readSigningRequest, type SigningRequest } from "./signing-request.ts";
export { kubeconfig, type KubeconfigOptions } from "./kubeconfig.ts";
export { toJwk, type ServiceAccountKeys, type SigningKey } from "./service-account-keys.ts";
export { identities } from "./identities.ts";
export type { Subject, SubjectAltNames } from "./name.ts";
