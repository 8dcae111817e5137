/** Authorization: who may do what. */
export { accessReview } from "./access-reviews.ts";
export { rulesReview } from "./rules-review.ts";
export { missingRights } from "./escalation.ts";
export { forbiddenRequest } from "./forbidden.ts";
export { followNodes, nodeAuthorizer, nodeIdentity, type NodeRelations } from "./node/index.ts";
export { rbacAuthorizer, rulesFor } from "./rbac.ts";
export { indexRbac, type RbacIndex } from "./rbac-index.ts";
export { superuserAuthorizer, SUPERUSER_GROUP, unionAuthorizer } from "./union.ts";
