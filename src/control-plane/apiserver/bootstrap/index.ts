/** The objects of a fresh server. */
export { bootstrapObjects, nodeRules, type BootstrapOptions } from "./objects.ts";
export { reconcile } from "./reconcile.ts";
