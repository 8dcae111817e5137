/** The API server: `runApiServer` as a component, `createApiServer` to put one together, types of its seams. */
export { runApiServer, type RunningApiServer } from "./main.ts";
export { systemUser } from "./server.ts";
export * from "./types.ts";
