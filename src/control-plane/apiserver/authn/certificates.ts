/**
 * Client certificates: the common name is the user, each organization a group.
 *
 * TLS has checked the chain; several authorities may be trusted there (the cluster's, the front proxy's), so which of them signed is
 * checked here, once a certificate.
 *
 * @source staging/src/k8s.io/apiserver/pkg/authentication/request/x509/x509.go v1.36
 */
import { createHash, X509Certificate } from "node:crypto";
import { parseTime } from "../../../shared/lib/platform.ts";
import type { Authority } from "../../../shared/component/pki/index.ts";
import type { Authenticator, ClientCertificate, UserInfo } from "../types.ts";
import { authenticated, CREDENTIAL_ID } from "./groups.ts";

type Signer = Pick<Authority, "publicKey">;

interface Known {
  user: UserInfo;
  notAfter: number;
}

export function certificateAuthenticator(authority: Signer, now: () => number): Authenticator {
  const known = new WeakMap<ClientCertificate, Known | "foreign">();
  return {
    authenticate({ certificate }) {
      if (!certificate) return undefined;
      let found = known.get(certificate);
      if (!found) known.set(certificate, (found = read(certificate, authority)));
      return found !== "foreign" && now() < found.notAfter ? found.user : undefined;
    },
  };
}

function read(certificate: ClientCertificate, authority: Signer): Known | "foreign" {
  if (!certificate.commonName || !isSignedBy(certificate, authority)) return "foreign";
  const id = createHash("sha256").update(certificate.raw).digest("hex");
  return {
    user: authenticated({
      name: certificate.commonName,
      groups: [...certificate.organizations],
      extra: { [CREDENTIAL_ID]: [`X509SHA256=${id}`] },
    }),
    notAfter: parseTime(new X509Certificate(certificate.raw).validTo),
  };
}

export function isSignedBy(certificate: ClientCertificate, authority: Signer): boolean {
  try {
    return new X509Certificate(certificate.raw).verify(authority.publicKey);
  } catch {
    return false; // not a certificate at all
  }
}
