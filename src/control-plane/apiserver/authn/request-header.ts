/**
 * Requests that the aggregation layer's front proxy forwards: it shows its own certificate and says in headers on whose behalf it asks.
 *
 * @source staging/src/k8s.io/apiserver/pkg/authentication/request/headerrequest/requestheader.go v1.36
 */
import type { Authority } from "../../../shared/component/pki/index.ts";
import type { Authenticator, ClientCertificate, Credentials } from "../types.ts";
import { isSignedBy } from "./certificates.ts";
import { authenticated } from "./groups.ts";
import { headerValues, unescapeKey } from "./headers.ts";

export const FRONT_PROXY_CLIENT = "front-proxy-client";
export const requestHeaderNames = {
  user: "x-remote-user",
  uid: "x-remote-uid",
  group: "x-remote-group",
  extraPrefix: "x-remote-extra-",
};

export function requestHeaderAuthenticator(authority: Authority, allowedNames: readonly string[]): Authenticator {
  const trusted = new WeakMap<ClientCertificate, boolean>();
  return {
    authenticate({ certificate, headers }) {
      const name = headerValues(headers[requestHeaderNames.user])[0];
      if (!certificate || !name) return undefined;
      let trust = trusted.get(certificate);
      if (trust === undefined)
        trusted.set(certificate, (trust = allowedNames.includes(certificate.commonName) && isSignedBy(certificate, authority)));
      if (!trust) return undefined;
      const uid = headerValues(headers[requestHeaderNames.uid])[0];
      return authenticated({
        name,
        groups: headerValues(headers[requestHeaderNames.group]),
        extra: extraOf(headers),
        ...(uid && { uid }),
      });
    },
  };
}

function extraOf(headers: Credentials["headers"]): Record<string, string[]> {
  const extra: Record<string, string[]> = {};
  for (const [header, value] of Object.entries(headers)) {
    if (!header.startsWith(requestHeaderNames.extraPrefix)) continue;
    extra[unescapeKey(header.slice(requestHeaderNames.extraPrefix.length))] = headerValues(value);
  }
  return extra;
}
