/** Names of users and groups that the server itself hands out. */
import type { UserInfo } from "../types.ts";

export const ANONYMOUS = "system:anonymous";
export const AUTHENTICATED = "system:authenticated";
export const UNAUTHENTICATED = "system:unauthenticated";
/** Extra key under which the credential that was used is named. */
export const CREDENTIAL_ID = "authentication.kubernetes.io/credential-id";

export const anonymousUser: UserInfo = { name: ANONYMOUS, groups: [UNAUTHENTICATED] };

/** Everybody who proved who they are is in `system:authenticated`, unless they say that they are not. */
export function authenticated(user: UserInfo): UserInfo {
  if (user.groups.includes(AUTHENTICATED) || user.groups.includes(UNAUTHENTICATED) || user.name === ANONYMOUS) return user;
  return { ...user, groups: [...user.groups, AUTHENTICATED] };
}
