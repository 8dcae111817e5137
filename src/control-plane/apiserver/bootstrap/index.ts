/** The objects of a fresh server. */
export { bootstrapObjects, nodeRules, type BootstrapOptions } from "./objects.ts";
