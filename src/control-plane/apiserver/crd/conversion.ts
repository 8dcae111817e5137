/** Between versions of a custom resource: by name alone, or by a webhook. */
import type { CustomResourceDefinition } from "../../../shared/api/generated/apiextensions-v1.ts";
import { internalError } from "../../../shared/apimachinery/errors.ts";
import type { Core } from "../core.ts";
import type { Convert } from "../registry/resources.ts";

export function conversionOf(_core: Core, { spec }: CustomResourceDefinition): Convert {
  if (spec.conversion?.strategy !== "Webhook") return renamed;
  return () => {
    throw internalError("conversion by webhook is not supported by this server");
  };
}

const renamed: Convert = (object, to) => {
  object.apiVersion = to.groupVersion;
  return object;
};

export function isUsableBundle({ spec }: CustomResourceDefinition): boolean {
  const bundle = spec.conversion?.webhook?.clientConfig?.caBundle;
  return !bundle || /-----BEGIN CERTIFICATE-----/.test(Buffer.from(bundle, "base64").toString("latin1"));
}
