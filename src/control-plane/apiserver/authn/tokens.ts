/**
 * Bearer tokens: a row of token authenticators, asked by requests and by TokenReview alike.
 *
 * @source staging/src/k8s.io/apiserver/pkg/authentication/request/bearertoken/bearertoken.go v1.36
 */
import { createHash } from "node:crypto";
import { unauthorized } from "../../../shared/apimachinery/errors.ts";
import type { Authenticator, UserInfo } from "../types.ts";
import { authenticated } from "./groups.ts";

export type TokenAnswer =
  | { user: UserInfo; audiences?: readonly string[] }
  /** It is this authenticator's token, and it is wrong. */
  | { error: string }
  | undefined;

export interface TokenAuthenticator {
  /** `audiences`: whom the token must be for; absent: this API server. */
  authenticateToken(token: string, audiences?: readonly string[]): TokenAnswer | Promise<TokenAnswer>;
}

/** `bearer TOKEN`, the scheme in any case; an empty token is none. */
function bearerToken(authorization: string | undefined): string | undefined {
  const [scheme = "", token] = (authorization ?? "").trim().split(" ", 2);
  return scheme.toLowerCase() === "bearer" && token ? token : undefined;
}

export function bearerAuthenticator(tokens: TokenAuthenticator): Authenticator {
  return {
    authenticate({ headers }) {
      const token = bearerToken(headers.authorization);
      if (token === undefined) return undefined;
      const answer = tokens.authenticateToken(token);
      return answer instanceof Promise ? answer.then(userOf) : userOf(answer);
    },
  };
}

function userOf(answer: TokenAnswer): UserInfo {
  if (!answer || "error" in answer) throw unauthorized();
  return authenticated(answer.user);
}

/** The first that knows the token; what the others found wrong is reported together where nobody does. */
export function unionTokens(all: readonly TokenAuthenticator[]): TokenAuthenticator {
  const ask = (
    from: number,
    token: string,
    audiences: readonly string[] | undefined,
    errors: string[],
  ): TokenAnswer | Promise<TokenAnswer> => {
    for (let i = from; i < all.length; i++) {
      const answer = all[i]!.authenticateToken(token, audiences);
      if (answer instanceof Promise) return answer.then((a) => (known(a, errors) ? a : ask(i + 1, token, audiences, errors)));
      if (known(answer, errors)) return answer;
    }
    return errors.length ? { error: `[${["invalid bearer token", ...errors].join(", ")}]` } : undefined;
  };
  return { authenticateToken: (token, audiences) => ask(0, token, audiences, []) };
}

function known(answer: TokenAnswer, errors: string[]): boolean {
  if (answer && "error" in answer) errors.push(answer.error);
  return answer !== undefined && "user" in answer;
}

/** Tokens that were given at start, kept as hashes: looking one up takes the same time whatever it is. */
export function staticTokens(tokens: Readonly<Record<string, UserInfo>>): TokenAuthenticator {
  const hash = (token: string) => createHash("sha256").update(token).digest("base64");
  const users = new Map(Object.entries(tokens).map(([token, user]) => [hash(token), user]));
  return {
    authenticateToken(token) {
      const user = users.size ? users.get(hash(token)) : undefined;
      return user && { user };
    },
  };
}
