/**
 * Remembers for a few seconds who a bearer token is, so that signatures are not checked with every request.
 *
 * A token whose pod or account is gone is believed that long still. Requests with a certificate or with a proxy's headers are not
 * remembered.
 *
 * @source staging/src/k8s.io/apiserver/pkg/authentication/token/cache v1.36 (10 s)
 */
import type { Clock } from "../../../shared/lib/platform.ts";
import type { Authenticator, Credentials, RememberedCaller, UserInfo } from "../types.ts";

const REMEMBER_MS = 10_000;
const MAX_REMEMBERED = 4096;

export function remember(authenticator: Authenticator, clock: Clock): Authenticator {
  const known = new Map<string, RememberedCaller>();
  const note = ({ connection }: Credentials, authorization: string, user: UserInfo | undefined) => {
    if (!user) return user;
    if (known.size >= MAX_REMEMBERED) known.clear();
    const caller = { authorization, user, until: clock.monotonic() + REMEMBER_MS };
    known.set(authorization, caller);
    if (connection) connection.caller = caller;
    return user;
  };
  return {
    authenticate(credentials) {
      const { certificate, connection } = credentials;
      const { authorization } = credentials.headers;
      if (!authorization || certificate) return authenticator.authenticate(credentials);
      // Comparing with the header of the request before costs less than looking up a kilobyte of token.
      const last = connection?.caller;
      const hit = last?.authorization === authorization ? last : known.get(authorization);
      if (hit && hit.until > clock.monotonic()) {
        if (connection) connection.caller = hit;
        return hit.user;
      }
      const user = authenticator.authenticate(credentials);
      return user instanceof Promise
        ? user.then((u) => note(credentials, authorization, u))
        : note(credentials, authorization, user);
    },
  };
}
