/**
 * What an agent must be allowed to read to enforce NetworkPolicies. Its network part goes by kube-proxy's identity, whose own
 * role is upstream's and stays as it is.
 */
import { ClusterRole, ClusterRoleBinding } from "../../../shared/api/index.ts";
import { isAlreadyExists } from "../../../shared/apimachinery/index.ts";
import type { Client } from "../../../shared/client/index.ts";

const NAME = "knarr:network-policy";
const verbs = ["get", "list", "watch"];

export const networkPolicyRole = {
  /** Makes the role and its binding where they are missing. */
  async ensure(client: Client): Promise<void> {
    await client
      .create(ClusterRole, {
        metadata: { name: NAME },
        rules: [
          { apiGroups: [""], resources: ["pods", "namespaces"], verbs },
          { apiGroups: ["networking.k8s.io"], resources: ["networkpolicies"], verbs },
        ],
      })
      .catch(ignoreExisting);
    await client
      .create(ClusterRoleBinding, {
        metadata: { name: NAME },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: NAME },
        subjects: [{ kind: "User", apiGroup: "rbac.authorization.k8s.io", name: "system:kube-proxy" }],
      })
      .catch(ignoreExisting);
  },
};

function ignoreExisting(error: unknown): void {
  if (!isAlreadyExists(error)) throw error;
}
