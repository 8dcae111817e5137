import type { ResourceQuota as T } from "../generated/core-v1.ts";
import { age } from "../cells.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const ResourceQuota = defineKind<T>({
  ...facts["v1/resourcequotas"],
  cells(quota, context) {
    const { hard = {}, used = {} } = quota.status ?? {};
    const texts = Object.keys(hard)
      .sort()
      .map((name) => [name, `${name}: ${used[name] ?? "0"}/${hard[name]}`] as const);
    const limits = texts.filter(([name]) => name.startsWith("limits."));
    const requests = texts.filter(([name]) => !name.startsWith("limits."));
    const join = (list: typeof texts) => list.map(([, text]) => text).join(", ");
    return [quota.metadata.name, join(requests), join(limits), age(quota, context)];
  },
  returnDeletedObject: true,
});
export type ResourceQuota = T;
