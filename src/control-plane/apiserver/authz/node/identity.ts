/** Which node a user is: name `system:node:NAME` and group `system:nodes`, both. */
import type { UserInfo } from "../../types.ts";

const PREFIX = "system:node:";
const GROUP = "system:nodes";

/** undefined: not a node. Empty: a node that does not say which. */
export function nodeIdentity({ name, groups }: UserInfo): string | undefined {
  return name.startsWith(PREFIX) && groups.includes(GROUP) ? name.slice(PREFIX.length) : undefined;
}
