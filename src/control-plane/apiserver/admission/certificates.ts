/**
 * Signing requests: approving and signing need rights on the signer as well, and nobody gets a client certificate for `system:masters`.
 *
 * @source plugin/pkg/admission/certificates, pkg/apis/certificates v1.36
 */
import { deepEqual } from "../../../shared/apimachinery/patch/index.ts";
import { CertificateSigningRequest } from "../../../shared/api/index.ts";
import { readSigningRequest } from "../../../shared/component/pki/index.ts";
import type { AdmissionAttributes, AdmissionPlugin, Authorizer } from "../types.ts";
import { concerns, refuse } from "./refuse.ts";

const CLIENT_SIGNER = "kubernetes.io/kube-apiserver-client";

export function certificateApproval(authorizer: Authorizer): AdmissionPlugin {
  return {
    name: "CertificateApproval",
    handles: (a) => a.operation === "UPDATE" && concerns(a, CertificateSigningRequest, "approval"),
    async validate(attributes) {
      const { signerName } = (attributes.oldObject as CertificateSigningRequest).spec;
      if (await mayUseSigner(authorizer, attributes, "approve", signerName)) return;
      throw refuse(attributes, `user not permitted to approve requests with signerName ${JSON.stringify(signerName)}`);
    },
  };
}

export function certificateSigning(authorizer: Authorizer): AdmissionPlugin {
  return {
    name: "CertificateSigning",
    handles: (a) => a.operation === "UPDATE" && concerns(a, CertificateSigningRequest, "status"),
    async validate(attributes) {
      const { spec, status = {} } = attributes.oldObject as CertificateSigningRequest;
      const { status: next = {} } = attributes.object as CertificateSigningRequest;
      if (status.certificate === next.certificate && deepEqual(status.conditions ?? [], next.conditions ?? [])) return;
      if (await mayUseSigner(authorizer, attributes, "sign", spec.signerName)) return;
      throw refuse(attributes, `user not permitted to sign requests with signerName ${JSON.stringify(spec.signerName)}`);
    },
  };
}

export const certificateSubjectRestriction: AdmissionPlugin = {
  name: "CertificateSubjectRestriction",
  handles: (a) => a.operation === "CREATE" && concerns(a, CertificateSigningRequest),
  validate(attributes) {
    const { signerName, request } = (attributes.object as CertificateSigningRequest).spec;
    if (signerName !== CLIENT_SIGNER) return;
    let organizations: readonly string[];
    try {
      organizations = readSigningRequest(Buffer.from(request, "base64").toString()).subject.organizations;
    } catch (error) {
      throw refuse(attributes, `failed to parse CSR: ${(error as Error).message}`);
    }
    if (organizations.includes("system:masters"))
      throw refuse(attributes, `use of ${CLIENT_SIGNER} signer with system:masters group is not allowed`);
  },
};

/** A right on the signer by its name, or on all signers of its domain (`example.com/*`). */
async function mayUseSigner(
  authorizer: Authorizer,
  { user }: AdmissionAttributes,
  verb: string,
  signerName: string,
): Promise<boolean> {
  const domain = signerName.split("/", 1)[0]!;
  for (const name of [signerName, `${domain}/*`]) {
    const { decision } = await authorizer.authorize({
      user,
      verb,
      name,
      group: "certificates.k8s.io",
      version: "*",
      resource: "signers",
      resourceRequest: true,
      path: "",
      subresource: "",
      namespace: "",
    });
    if (decision === "allow") return true;
  }
  return false;
}
