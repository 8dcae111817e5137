import { forbidden, notSupported, type FieldError } from "../../apimachinery/field-error.ts";
import { age } from "../cells.ts";
import { facts } from "../generated/kinds.ts";
import type { PriorityClass as T } from "../generated/scheduling-v1.ts";
import { defineKind } from "../kind.ts";

const HIGHEST_USER_PRIORITY = 1_000_000_000;
const SYSTEM_PREFIX = "system-";
const SYSTEM_CLASSES: Readonly<Record<string, number>> = {
  "system-node-critical": 2_000_001_000,
  "system-cluster-critical": 2_000_000_000,
};

export const PriorityClass = defineKind<T>({
  ...facts["scheduling.k8s.io/v1/priorityclasses"],
  cells(priority, context) {
    const { metadata, value = 0, globalDefault = false, preemptionPolicy = "" } = priority;
    return [metadata.name, value, globalDefault, age(priority, context), preemptionPolicy];
  },
  immutable: ["preemptionPolicy"],
  prepareForCreate(priority) {
    priority.metadata.generation = 1;
  },
  setDefaults(priority) {
    priority.preemptionPolicy ??= "PreemptLowerPriority";
  },
  validate: (priority, _context, old) => (old ? [] : [...validateValue(priority), ...validatePolicy(priority.preemptionPolicy)]),
  validateUpdate: ({ value }, old) => (value === old.value ? [] : [forbidden("value", "may not be changed in an update.")]),
});
export type PriorityClass = T;

function validateValue(priority: T): FieldError[] {
  if (priority.metadata.name.startsWith(SYSTEM_PREFIX)) {
    const problem = systemProblem(priority);
    const reserved = `priority class names with '${SYSTEM_PREFIX}' prefix are reserved for system use only. error: ${problem}`;
    return problem ? [forbidden("metadata.name", reserved)] : [];
  }
  if ((priority.value ?? 0) <= HIGHEST_USER_PRIORITY) return [];
  return [forbidden("value", `maximum allowed value of a user defined priority is ${HIGHEST_USER_PRIORITY}`)];
}

function systemProblem({ metadata: { name }, value, globalDefault }: T): string | undefined {
  const known = SYSTEM_CLASSES[name];
  if (known === undefined) return `${name} is not a known system priority class`;
  if (value !== known) return `value of ${name} PriorityClass must be ${known}`;
  return globalDefault ? `globalDefault of ${name} PriorityClass must be false` : undefined;
}

function validatePolicy(policy: string | undefined): FieldError[] {
  if (policy === undefined || policy === "PreemptLowerPriority" || policy === "Never") return [];
  const error = notSupported("preemptionPolicy", policy, []);
  return [{ ...error, message: `${error.message}: supported values: "PreemptLowerPriority", "Never"` }];
}
