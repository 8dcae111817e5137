/** What every object shares: metadata, schemas, codecs, quantities, selectors, validation of names, errors. */
export * from "./body.ts";
export * from "./conditions.ts";
export * from "./decode.ts";
export * from "./defaults.ts";
export * from "./duration.ts";
export * from "./encode.ts";
export * from "./errors.ts";
export * from "./field-error.ts";
export * from "./field-selectors.ts";
export * from "./intstr.ts";
export * from "./meta.ts";
export * from "./protobuf/index.ts";
export * from "./quantity.ts";
export * from "./schema.ts";
export * from "./selectors.ts";
export * from "./time.ts";
export * from "./validation.ts";
