import { expect, test } from "vitest";
import { ClusterRole, ClusterRoleBinding } from "../../../shared/api/index.ts";
import { fakeContext } from "../fake-context.ts";
import { indexRbac } from "./rbac-index.ts";
import { rbacAuthorizer } from "./rbac.ts";

test("what is remembered of a user counts until a role or binding changes", () => {
  const server = fakeContext();
  const authorizer = rbacAuthorizer(indexRbac(server));
  const user = { name: "ann", groups: [] };
  const asked = { user, verb: "get", resourceRequest: true, path: "", group: "", version: "v1", resource: "pods" };
  const may = () => authorizer.authorize({ ...asked, subresource: "", namespace: "a", name: "x" });
  const role = (...resources: string[]) =>
    server.put(ClusterRole, { metadata: { name: "r" }, rules: [{ apiGroups: [""], resources, verbs: ["get"] }] });
  const binding = {
    metadata: { name: "b" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "r" },
    subjects: [{ kind: "User", name: "ann" }],
  };
  expect(may()).toEqual({ decision: "no-opinion", reason: "" });
  server.put(ClusterRoleBinding, binding);
  expect(may()).toMatchObject({ reason: 'RBAC: clusterrole.rbac.authorization.k8s.io "r" not found' });
  role("pods");
  const allowed = { decision: "allow", reason: 'RBAC: allowed by ClusterRoleBinding "b" of ClusterRole "r" to User "ann"' };
  expect([may(), may()]).toEqual([allowed, allowed]);
  role("nodes");
  expect(may()).toMatchObject({ decision: "no-opinion" });
  role("pods");
  server.remove(ClusterRoleBinding, "b");
  expect(may()).toMatchObject({ decision: "no-opinion" });
});
