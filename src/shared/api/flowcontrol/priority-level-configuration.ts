import type { PriorityLevelConfiguration as T } from "../generated/flowcontrol-v1.ts";
import { age, NONE } from "../cells.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";
import { validatePriorityLevel } from "./priority-level-validation.ts";
import { validateConditions } from "./validation.ts";

export const PriorityLevelConfiguration = defineKind<T>({
  ...facts["flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations"],
  cells(level, context) {
    const { type = "", limited } = level.spec ?? {};
    const queuing = limited?.limitResponse?.queuing;
    const queues = queuing ? [queuing.queues ?? 0, queuing.handSize ?? 0, queuing.queueLengthLimit ?? 0] : [NONE, NONE, NONE];
    return [level.metadata.name, type, limited?.nominalConcurrencyShares ?? NONE, ...queues, age(level, context)];
  },
  generation: true,
  validate: validatePriorityLevel,
  validateStatusUpdate: ({ status }) => validateConditions(status?.conditions),
  setDefaults({ spec }) {
    if (spec?.limited) {
      spec.limited.nominalConcurrencyShares ??= 30;
      spec.limited.lendablePercent ??= 0;
      const queuing = spec.limited.limitResponse?.queuing;
      if (queuing) {
        queuing.handSize ||= 8;
        queuing.queues ||= 64;
        queuing.queueLengthLimit ||= 50;
      }
    }
    if (spec?.exempt) {
      spec.exempt.nominalConcurrencyShares ??= 0;
      spec.exempt.lendablePercent ??= 0;
    }
  },
});
export type PriorityLevelConfiguration = T;
