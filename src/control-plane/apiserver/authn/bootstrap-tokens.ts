/**
 * Bootstrap tokens: `abcdef.0123456789abcdef`, kept in a Secret of kube-system, with which a new node asks for its first certificate.
 *
 * @source plugin/pkg/auth/authenticator/token/bootstrap/bootstrap.go v1.36
 */
import { timingSafeEqual } from "node:crypto";
import { Secret } from "../../../shared/api/index.ts";
import { parseTime } from "../../../shared/lib/platform.ts";
import type { ServerContext } from "../types.ts";
import type { TokenAuthenticator } from "./tokens.ts";

const TOKEN = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;
const GROUP = "system:bootstrappers";
const EXTRA_GROUP = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/;

export function bootstrapTokens(server: () => ServerContext): TokenAuthenticator {
  return {
    authenticateToken(token) {
      const [, id, secretPart] = TOKEN.exec(token) ?? [];
      if (!id || !secretPart) return undefined;
      const context = server();
      const secret = context.cache(Secret).get(`kube-system/bootstrap-token-${id}`);
      const groups = secret && isGood(secret, id, secretPart, context.now()) ? groupsOf(secret) : undefined;
      return groups && { user: { name: `system:bootstrap:${id}`, groups } };
    },
  };
}

const read = ({ data }: Secret, key: string) => Buffer.from(data?.[key] ?? "", "base64").toString("utf8");

function isGood(secret: Secret, id: string, given: string, now: number): boolean {
  if (secret.type !== "bootstrap.kubernetes.io/token" || secret.metadata.deletionTimestamp) return false;
  const wanted = Buffer.from(read(secret, "token-secret"));
  if (wanted.length !== given.length || !timingSafeEqual(wanted, Buffer.from(given))) return false;
  const expiration = read(secret, "expiration");
  // An unreadable end counts as passed.
  if (expiration && !(now < parseTime(expiration))) return false;
  return read(secret, "token-id") === id && read(secret, "usage-bootstrap-authentication") === "true";
}

/** Sorted; undefined where one of them is not for bootstrappers. */
function groupsOf(secret: Secret): string[] | undefined {
  const extra = read(secret, "auth-extra-groups")
    .split(",")
    .filter((group) => group !== "");
  return extra.every((group) => EXTRA_GROUP.test(group)) ? [...new Set([GROUP, ...extra])].sort() : undefined;
}
