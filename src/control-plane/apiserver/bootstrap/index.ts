/** The objects of a fresh server. */
export { bootstrapObjects, type BootstrapOptions } from "./objects.ts";
