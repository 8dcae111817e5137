/**
 * OpenID discovery: how others may check this server's service-account tokens by themselves.
 *
 * @source pkg/serviceaccount/openidmetadata.go v1.36
 */
import type { Document } from "../types.ts";
import { toJwk, type ServiceAccountKeys } from "../../../shared/component/pki/index.ts";

/** Documents by path. The key set is the one place that may have to wait for the signing key to be made. */
export function issuerDocuments(
  issuer: string,
  jwksUri: string,
  keys: ServiceAccountKeys,
): Readonly<Record<string, () => Promise<Document>>> {
  return {
    "/.well-known/openid-configuration": async () => ({
      contentType: "application/json",
      body: {
        issuer,
        jwks_uri: jwksUri,
        response_types_supported: ["id_token"],
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: ["RS256"],
      },
    }),
    "/openid/v1/jwks": async () => ({ contentType: "application/jwk-set+json", body: { keys: [toJwk(await keys.get())] } }),
  };
}
