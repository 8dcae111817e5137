/** OpenAPI: what is served, described for clients that validate and explain with it. */
export { loadDescriptions } from "./descriptions.ts";
export { openApiPaths } from "./paths.ts";
