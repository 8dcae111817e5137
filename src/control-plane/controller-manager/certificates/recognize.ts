/**
 * Which signing requests are a kubelet's, and which may be signed. Pure.
 *
 * @source pkg/controller/certificates/{approver/sarapprove.go,signer/signer.go}, pkg/apis/certificates/helpers.go v1.36
 */
import type { CertificateSigningRequest } from "../../../shared/api/index.ts";
import type { SigningRequest } from "../../../shared/component/pki/index.ts";

const CLIENT = "kubernetes.io/kube-apiserver-client";
const KUBELET_CLIENT = "kubernetes.io/kube-apiserver-client-kubelet";
export const KUBELET_SERVING = "kubernetes.io/kubelet-serving";
const LEGACY = "kubernetes.io/legacy-unknown";
export const SIGNERS: readonly string[] = [CLIENT, KUBELET_CLIENT, KUBELET_SERVING, LEGACY];

const NODE_PREFIX = "system:node:";
const CLIENT_USAGES = ["digital signature", "key encipherment", "client auth"];
const SERVING_USAGES = ["digital signature", "key encipherment", "server auth"];

const onlyNodes = ({ subject }: SigningRequest): boolean =>
  subject.organizations.length === 1 && subject.organizations[0] === "system:nodes";

/** Key encipherment may be left out, the rest has to be there, and nothing else may. */
function usagesAre(usages: readonly string[], wanted: readonly string[]): boolean {
  const needed = wanted.filter((u) => u !== "key encipherment");
  return needed.every((u) => usages.includes(u)) && usages.every((u) => wanted.includes(u));
}

/** Why the signer refuses; undefined where it signs. */
export function refusal(csr: CertificateSigningRequest, request: SigningRequest): string | undefined {
  const { signerName, usages = [] } = csr.spec;
  const { dns, ips, emails, uris } = request.names;
  switch (signerName) {
    case KUBELET_CLIENT:
      if (!onlyNodes(request)) return "subject organization is not system:nodes";
      if (dns.length) return "DNS subjectAltNames are not allowed";
      if (emails.length) return "Email subjectAltNames are not allowed";
      if (ips.length) return "IP subjectAltNames are not allowed";
      if (uris.length) return "URI subjectAltNames are not allowed";
      if (!request.subject.commonName.startsWith(NODE_PREFIX)) return "subject common name does not begin with system:node:";
      return usagesAre(usages, CLIENT_USAGES) ? undefined : "usages did not match";
    case KUBELET_SERVING:
      if (!onlyNodes(request)) return "subject organization is not system:nodes";
      if (!dns.length && !ips.length) return "DNS or IP subjectAltName is required";
      if (emails.length) return "Email subjectAltNames are not allowed";
      if (uris.length) return "URI subjectAltNames are not allowed";
      if (!request.subject.commonName.startsWith(NODE_PREFIX)) return "subject common name does not begin with system:node:";
      if (csr.spec.username !== request.subject.commonName) return "requested user is not the certificate's";
      return usagesAre(usages, SERVING_USAGES) ? undefined : "usages did not match";
    case CLIENT: {
      const allowed = [...CLIENT_USAGES];
      return usages.includes("client auth") && usages.every((u) => allowed.includes(u)) ? undefined : "usages did not match";
    }
    default:
      return undefined;
  }
}

export interface Recognized {
  /** The subresource that the requester has to be allowed to create. */
  permission: "selfnodeclient" | "nodeclient";
  message: string;
}

/** A kubelet asks for its own client certificate again, or somebody asks for a node's first one. */
export function recognize(csr: CertificateSigningRequest, request: SigningRequest): Recognized | undefined {
  if (csr.spec.signerName !== KUBELET_CLIENT || refusal(csr, request) !== undefined) return undefined;
  return csr.spec.username === request.subject.commonName
    ? { permission: "selfnodeclient", message: "Auto approving self kubelet client certificate after SubjectAccessReview." }
    : { permission: "nodeclient", message: "Auto approving kubelet client certificate after SubjectAccessReview." };
}
