/** Custom resources: definitions become resources of the one registry. */
export { servedDefinition } from "./definition.ts";
export { serveCustomResources, type CustomResources } from "./controller.ts";
