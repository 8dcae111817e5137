/** What kubelets may do. */
export { nodeAuthorizer } from "./authorizer.ts";
export { nodeIdentity } from "./identity.ts";
export { followNodes, type NodeRelations } from "./relations.ts";
