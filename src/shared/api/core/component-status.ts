import type { ComponentStatus as T } from "../generated/core-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const ComponentStatus = defineKind<T>({
  ...facts["v1/componentstatuses"],
  cells({ metadata, conditions }) {
    const healthy = conditions?.find((c) => c.type === "Healthy");
    const status = !healthy ? "Unknown" : healthy.status === "True" ? "Healthy" : "Unhealthy";
    return [metadata.name, status, healthy?.message ?? "", healthy?.error ?? ""];
  },
  deprecation: "v1 ComponentStatus is deprecated in v1.19+",
});
export type ComponentStatus = T;
