/**
 * Authenticators in a row: the first that knows the caller wins. A credential that somebody found wrong refuses the request only where
 * nobody else knows the caller; without any credential the caller is anonymous.
 */
import { isApiError, unauthorized } from "../../../shared/apimachinery/errors.ts";
import type { Authenticator, Credentials, UserInfo } from "../types.ts";

export function unionAuthenticator(authenticators: readonly Authenticator[]): Authenticator {
  return { authenticate: (credentials) => ask(authenticators, 0, credentials, false) };
}

type Answer = UserInfo | undefined;

/** Synchronous as long as everybody asked is: the hot path makes no promise. */
function ask(all: readonly Authenticator[], from: number, credentials: Credentials, refused: boolean): Answer | Promise<Answer> {
  let wrong = refused;
  for (let i = from; i < all.length; i++) {
    try {
      const answer = all[i]!.authenticate(credentials);
      if (answer instanceof Promise)
        return settle(answer, (user, failed) => user ?? ask(all, i + 1, credentials, wrong || failed));
      if (answer) return answer;
    } catch (error) {
      if (!isApiError(error)) throw error;
      wrong = true;
    }
  }
  if (wrong) throw unauthorized();
  return undefined;
}

async function settle(
  answer: Promise<Answer>,
  next: (user: Answer, failed: boolean) => Answer | Promise<Answer>,
): Promise<Answer> {
  let user: Answer;
  let failed = false;
  try {
    user = await answer;
  } catch (error) {
    if (!isApiError(error)) throw error;
    failed = true;
  }
  return next(user, failed);
}
