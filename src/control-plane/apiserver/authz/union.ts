/** Authorizers in a row: the first that allows or denies has decided. */
import type { AccessAttributes, AccessDecision, Authorizer } from "../types.ts";

export const SUPERUSER_GROUP = "system:masters";

/** Members of `system:masters` may do everything, whatever RBAC says. */
export const superuserAuthorizer: Authorizer = {
  authorize: ({ user }) => ({ decision: user.groups.includes(SUPERUSER_GROUP) ? "allow" : "no-opinion", reason: "" }),
};

/** Reasons of those without an opinion are joined by line ends. Synchronous as long as every one asked is. */
export function unionAuthorizer(authorizers: readonly Authorizer[]): Authorizer {
  return { authorize: (attributes) => ask(authorizers, 0, attributes, []) };
}

function ask(
  all: readonly Authorizer[],
  from: number,
  attributes: AccessAttributes,
  reasons: string[],
): AccessDecision | Promise<AccessDecision> {
  for (let i = from; i < all.length; i++) {
    const answer = all[i]!.authorize(attributes);
    if (answer instanceof Promise) return answer.then((a) => (settled(a, reasons) ? a : ask(all, i + 1, attributes, reasons)));
    if (settled(answer, reasons)) return answer;
  }
  return { decision: "no-opinion", reason: reasons.join("\n") };
}

function settled(answer: AccessDecision, reasons: string[]): boolean {
  if (answer.decision !== "no-opinion") return true;
  if (answer.reason) reasons.push(answer.reason);
  return false;
}
