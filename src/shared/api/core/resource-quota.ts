import type { ResourceQuota as T } from "../generated/core-v1.ts";
import { invalidValue } from "../../apimachinery/field-error.ts";
import { age } from "../cells.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";
import { quotaWarnings, validateAmounts, validateQuotaSpec } from "./validation/resource-quota.ts";

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
  validate: ({ spec }) => validateQuotaSpec(spec),
  validateUpdate({ spec }, old) {
    const sorted = (scopes: readonly string[] = []) => [...new Set(scopes)].sort().join();
    const same = sorted(spec?.scopes) === sorted(old.spec?.scopes);
    return same ? [] : [invalidValue("spec.scopes", spec?.scopes ?? [], "field is immutable")];
  },
  validateStatusUpdate: ({ status }) => [
    ...validateAmounts("status.hard", status?.hard),
    ...validateAmounts("status.used", status?.used),
  ],
  warnings: ({ spec }, old) => (old ? [] : quotaWarnings(spec)),
});
export type ResourceQuota = T;
