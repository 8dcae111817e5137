/** Authentication: who is asking. */
export { orAnonymous } from "./anonymous.ts";
export { remember } from "./remember.ts";
export { bootstrapTokens } from "./bootstrap-tokens.ts";
export { certificateAuthenticator } from "./certificates.ts";
export { impersonation } from "./impersonation.ts";
export { issuerDocuments } from "./issuer-discovery.ts";
export { selfSubjectReview, userInfo } from "./self-review.ts";
export { tokenRequest } from "./token-request.ts";
export { tokenReview } from "./token-review.ts";
export { FRONT_PROXY_CLIENT, requestHeaderAuthenticator } from "./request-header.ts";
export { issueServiceAccountToken, serviceAccountTokens } from "./service-account-tokens.ts";
export { bearerAuthenticator, staticTokens, unionTokens } from "./tokens.ts";
export { unionAuthenticator } from "./union.ts";
