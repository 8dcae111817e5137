import type { CustomResourceDefinition as T } from "../generated/apiextensions-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const CustomResourceDefinition = defineKind<T>({
  ...facts["apiextensions.k8s.io/v1/customresourcedefinitions"],
  writtenThroughStatus: ["metadata"],
  requireResourceVersion: true,
  generation: true,
  setDefaults({ spec, status }) {
    const { names } = spec;
    names.singular ||= names.kind.toLowerCase();
    if (names.kind) names.listKind ||= `${names.kind}List`;
    const conversion = (spec.conversion ??= { strategy: "None" });
    if (conversion.webhook?.clientConfig?.service) conversion.webhook.clientConfig.service.port ??= 443;
    const stored = spec.versions?.find(({ storage }) => storage);
    if (stored && !status.storedVersions?.length) status.storedVersions = [stored.name];
  },
});
export type CustomResourceDefinition = T;
