/** Custom resources: definitions become resources of the one registry. */
export { servedDefinition } from "./definition/index.ts";
export { serveCustomResources } from "./controller.ts";
