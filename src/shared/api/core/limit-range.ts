import type { LimitRange as T } from "../generated/core-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";
import { validateLimits } from "./validation/limit-range.ts";

export const LimitRange = defineKind<T>({
  ...facts["v1/limitranges"],
  createOnUpdate: true,
  /** One that nobody names has a name that nobody else has. */
  prepareForCreate({ metadata }) {
    metadata.name ||= metadata.uid;
  },
  validate: ({ spec }) => validateLimits(spec?.limits),
  setDefaults({ spec }) {
    for (const item of spec?.limits ?? []) {
      if (item.type !== "Container") continue;
      // What is not said follows from what is: default limit from max, default request from the limit, then from min.
      const limits = { ...item.max, ...item.default };
      const requests = { ...item.min, ...limits, ...item.defaultRequest };
      if (Object.keys(limits).length > 0) item.default = limits;
      if (Object.keys(requests).length > 0) item.defaultRequest = requests;
    }
  },
});
export type LimitRange = T;
