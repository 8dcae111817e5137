/** Authorization: who may do what. */
export { forbiddenRequest } from "./forbidden.ts";
export { rbacAuthorizer, rulesFor } from "./rbac.ts";
export { indexRbac, type RbacIndex } from "./rbac-index.ts";
export { superuserAuthorizer, SUPERUSER_GROUP, unionAuthorizer } from "./union.ts";
