import type { RuntimeClass as T } from "../generated/node-v1.ts";
import { age } from "../cells.ts";
import { facts } from "../generated/kinds.ts";
import { duplicate, invalidValue, required, type FieldError } from "../../apimachinery/field-error.ts";
import { isDNS1123Label, validateLabels } from "../../apimachinery/validation.ts";
import { deprecatedNodeLabel } from "../core/validation/node-selector.ts";
import { sortedEntries, validateContainerResourceName, validateResourceQuantity } from "../core/validation/resources.ts";
import { validateTolerations } from "../core/validation/tolerations.ts";
import { defineKind } from "../kind.ts";

export const RuntimeClass = defineKind<T>({
  ...facts["node.k8s.io/v1/runtimeclasses"],
  validate: (runtime, _context, old) => (old ? [] : validateRuntime(runtime)),
  immutable: ["handler"],
  warnings: ({ scheduling }) =>
    Object.keys(scheduling?.nodeSelector ?? {}).flatMap((key) => {
      const text = deprecatedNodeLabel(key);
      return text ? [`scheduling.nodeSelector: ${text}`] : [];
    }),
  cells: (runtime, context) => [runtime.metadata.name, runtime.handler, age(runtime, context)],
  createOnUpdate: true,
  requireResourceVersion: true,
});
export type RuntimeClass = T;

function validateRuntime({ handler, overhead, scheduling }: T): FieldError[] {
  const errors = handler ? isDNS1123Label(handler).map((text) => invalidValue("handler", handler, text)) : [required("handler")];
  for (const [name, quantity] of sortedEntries(overhead?.podFixed)) {
    const path = `overhead.limits[${name}]`;
    errors.push(...validateContainerResourceName(path, name), ...validateResourceQuantity(path, name, quantity));
  }
  const { nodeSelector, tolerations = [] } = scheduling ?? {};
  const path = "scheduling.tolerations";
  errors.push(...validateLabels("scheduling.nodeSelector", nodeSelector), ...validateTolerations(path, tolerations));
  const keyOf = ({ key, operator, value, effect }: (typeof tolerations)[number]) =>
    JSON.stringify([key, operator, value, effect]);
  const keys = tolerations.map(keyOf);
  keys.forEach((key, i) => {
    if (keys.indexOf(key) < i) errors.push(duplicate(`${path}[${i}]`, tolerations[i]));
  });
  return errors;
}
