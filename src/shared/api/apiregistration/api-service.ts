import type { APIService as T } from "../generated/apiregistration-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const APIService = defineKind<T>({
  ...facts["apiregistration.k8s.io/v1/apiservices"],
  name: "path-segment",
  requireResourceVersion: true,
  setDefaults({ spec }) {
    if (spec?.service) spec.service.port ??= 443;
  },
});
export type APIService = T;
