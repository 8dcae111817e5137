/** Authorization: who may do what. */
export { accessReview } from "./access-reviews.ts";
export { rulesReview } from "./rules-review.ts";
export { forbiddenRequest } from "./forbidden.ts";
export { rbacAuthorizer, rulesFor } from "./rbac.ts";
export { indexRbac, type RbacIndex } from "./rbac-index.ts";
export { superuserAuthorizer, SUPERUSER_GROUP, unionAuthorizer } from "./union.ts";
