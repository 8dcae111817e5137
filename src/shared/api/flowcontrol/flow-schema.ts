import type { FlowSchema as T } from "../generated/flowcontrol-v1.ts";
import { age, NONE } from "../cells.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";
import { validateConditions, validateFlowSchema } from "./validation.ts";

export const FlowSchema = defineKind<T>({
  ...facts["flowcontrol.apiserver.k8s.io/v1/flowschemas"],
  cells(schema, context) {
    const { priorityLevelConfiguration, matchingPrecedence = 0, distinguisherMethod } = schema.spec ?? {};
    const dangling = schema.status?.conditions?.find((c) => c.type === "Dangling")?.status ?? "?";
    const head = [schema.metadata.name, priorityLevelConfiguration?.name ?? "", matchingPrecedence];
    return [...head, distinguisherMethod?.type ?? NONE, age(schema, context), dangling];
  },
  generation: true,
  validate: validateFlowSchema,
  validateStatusUpdate: ({ status }) => validateConditions(status?.conditions),
  setDefaults({ spec }) {
    if (spec) spec.matchingPrecedence ||= 1000;
  },
});
export type FlowSchema = T;
