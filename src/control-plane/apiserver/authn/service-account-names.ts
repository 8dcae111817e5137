/** `system:serviceaccount:NAMESPACE:NAME`, the user name of a service account. */
import { isDNS1123Label, isDNS1123Subdomain } from "../../../shared/apimachinery/validation.ts";

const SERVICE_ACCOUNT_PREFIX = "system:serviceaccount:";

/** undefined where the name is no service account's. */
export function splitServiceAccountName(user: string): { namespace: string; name: string } | undefined {
  if (!user.startsWith(SERVICE_ACCOUNT_PREFIX)) return undefined;
  const [namespace = "", name = "", ...rest] = user.slice(SERVICE_ACCOUNT_PREFIX.length).split(":");
  const isOne = rest.length === 0 && isDNS1123Label(namespace).length === 0 && isDNS1123Subdomain(name).length === 0;
  return isOne ? { namespace, name } : undefined;
}
