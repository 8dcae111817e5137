/** X.509 certificates and signing requests over node:crypto. */
export * from "./certificate.ts";
export * from "./name.ts";
export * from "./signing-request.ts";
