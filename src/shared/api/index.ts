/** The API: kinds, their types and their schemas. */
import { installSchemaSource } from "./kind.ts";
import { structSchema } from "./schemas.ts";

installSchemaSource(structSchema);

export * from "./kind.ts";
export * from "./kinds.ts";
export { hasDefinition, structSchema } from "./schemas.ts";
