/**
 * Remembers for a few seconds who a bearer token is, so that signatures are not checked with every request.
 *
 * A token whose pod or account is gone is believed that long still. Requests with a certificate or with a proxy's headers are not
 * remembered.
 *
 * @source staging/src/k8s.io/apiserver/pkg/authentication/token/cache v1.36 (10 s)
 */
import type { Clock } from "../../../shared/lib/platform.ts";
import type { Authenticator, UserInfo } from "../types.ts";

const REMEMBER_MS = 10_000;
const MAX_REMEMBERED = 4096;

export function remember(authenticator: Authenticator, clock: Clock): Authenticator {
  const known = new Map<string, { user: UserInfo; until: number }>();
  const note = (header: string, user: UserInfo | undefined) => {
    if (!user) return user;
    if (known.size >= MAX_REMEMBERED) known.clear();
    known.set(header, { user, until: clock.monotonic() + REMEMBER_MS });
    return user;
  };
  return {
    authenticate(credentials) {
      const { authorization } = credentials.headers;
      if (!authorization || credentials.certificate) return authenticator.authenticate(credentials);
      const hit = known.get(authorization);
      if (hit && hit.until > clock.monotonic()) return hit.user;
      const user = authenticator.authenticate(credentials);
      return user instanceof Promise ? user.then((u) => note(authorization, u)) : note(authorization, user);
    },
  };
}
