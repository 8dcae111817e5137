/** SelfSubjectReview: who the server takes the caller for. */
import type { SelfSubjectReview } from "../../../shared/api/index.ts";
import type { KubeObject } from "../../../shared/apimachinery/meta.ts";
import { formatTime } from "../../../shared/lib/platform.ts";
import type { UserInfo, VirtualResource } from "../types.ts";

export const selfSubjectReview: VirtualResource = {
  create: (object, { user, now }) => {
    const { apiVersion, kind } = object;
    const metadata = { creationTimestamp: formatTime(now) };
    return { apiVersion, kind, metadata, status: { userInfo: userInfo(user) } } as SelfSubjectReview as KubeObject;
  },
};

/** As the authentication API writes a user. */
export function userInfo({ name, uid, groups, extra = {} }: UserInfo): SelfSubjectReview["status"]["userInfo"] {
  const keys = Object.keys(extra).sort();
  return {
    username: name,
    ...(uid && { uid }),
    ...(groups.length > 0 && { groups: [...groups] }),
    ...(keys.length > 0 && { extra: Object.fromEntries(keys.map((key) => [key, [...extra[key]!]])) }),
  };
}
