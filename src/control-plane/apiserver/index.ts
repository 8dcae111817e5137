/** The API server: `runApiServer` as a component, `createApiServer` to put one together, types of its seams. */
export { runApiServer, type ApiServerConfig, type RunningApiServer } from "./main.ts";
export { createApiServer, systemUser, type ApiServer, type ApiServerOptions } from "./server.ts";
export type { ListenOptions, Listener } from "./http/listen.ts";
export type { Convert, Resource, ResourceDefinition } from "./registry/resources.ts";
export * from "./types.ts";
