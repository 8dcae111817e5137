import type { CertificateSigningRequest as T } from "../generated/certificates-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const CertificateSigningRequest = defineKind<T>({
  ...facts["certificates.k8s.io/v1/certificatesigningrequests"],
  name: "path-segment",
  selectableFields: { "spec.signerName": (request) => request.spec.signerName },
});
export type CertificateSigningRequest = T;
