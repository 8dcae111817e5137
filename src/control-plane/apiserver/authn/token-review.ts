/**
 * TokenReview: whose token this is.
 *
 * @source pkg/registry/authentication/tokenreview/storage.go v1.36
 */
import type { TokenReview } from "../../../shared/api/index.ts";
import { badRequest } from "../../../shared/apimachinery/errors.ts";
import type { VirtualResource } from "../types.ts";
import { authenticated } from "./groups.ts";
import { userInfo } from "./self-review.ts";
import type { TokenAnswer, TokenAuthenticator } from "./tokens.ts";

export function tokenReview(tokens: TokenAuthenticator, apiAudiences: readonly string[]): VirtualResource {
  return {
    async create(object) {
      const { spec, ...rest } = object as TokenReview;
      if (!spec?.token) throw badRequest("token is required for TokenReview in authentication");
      const audiences = spec.audiences?.length ? spec.audiences : apiAudiences;
      return { ...rest, spec, status: statusOf(await tokens.authenticateToken(spec.token, audiences), audiences) } as TokenReview;
    },
  };
}

/** A token that is for nobody in particular is for whoever asks. */
function statusOf(answer: TokenAnswer, asked: readonly string[]): TokenReview["status"] {
  if (!answer) return { user: {}, error: "invalid bearer token" };
  if ("error" in answer) return { user: {}, error: answer.error };
  const { user, audiences = asked } = answer;
  return { authenticated: true, user: userInfo(authenticated(user)), audiences: [...audiences] };
}
