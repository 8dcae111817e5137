/** Whoever shows no credential is `system:anonymous`. A wrong credential was refused before, so this is nobody's way around. */
import type { Authenticator } from "../types.ts";
import { anonymousUser } from "./groups.ts";

export function orAnonymous(authenticator: Authenticator): Authenticator {
  return {
    authenticate(credentials) {
      const answer = authenticator.authenticate(credentials);
      return answer instanceof Promise ? answer.then((user) => user ?? anonymousUser) : (answer ?? anonymousUser);
    },
  };
}
