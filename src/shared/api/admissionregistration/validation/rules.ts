/** Rules that say which requests are meant. */
import type { MatchResources, NamedRuleWithOperations, ParamRef } from "../../generated/admissionregistration-v1.ts";
import {
  duplicate,
  forbidden,
  invalidValue,
  notSupported,
  required,
  type FieldError,
} from "../../../apimachinery/field-error.ts";
import { isDNS1123Subdomain, validateLabelSelector } from "../../../apimachinery/validation.ts";

const OPERATIONS = ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"];
const SCOPES = ["*", "Cluster", "Namespaced"];

export function choiceErrors(field: string, value: string | undefined, supported: readonly string[]): FieldError[] {
  return value === undefined || supported.includes(value) ? [] : [notSupported(field, value, supported)];
}

/** A star stands alone; `what` are the others. */
function listErrors(field: string, values: readonly string[] | undefined, what: string): FieldError[] {
  if (!values?.length) return [required(field)];
  if (values.length > 1 && values.includes("*"))
    return [invalidValue(field, values, `if '*' is present, must not specify other ${what}`)];
  return [];
}

export function ruleErrors(field: string, rule: NamedRuleWithOperations): FieldError[] {
  const { operations, apiGroups, apiVersions, resources, scope } = rule;
  const errors = [...listErrors(`${field}.operations`, operations, "operations")];
  operations?.forEach((operation, i) => errors.push(...choiceErrors(`${field}.operations[${i}]`, operation, OPERATIONS)));
  errors.push(
    ...listErrors(`${field}.apiGroups`, apiGroups, "API groups"),
    ...listErrors(`${field}.apiVersions`, apiVersions, "API versions"),
  );
  apiVersions?.forEach((version, i) => version || errors.push(required(`${field}.apiVersions[${i}]`)));
  errors.push(...resourceErrors(`${field}.resources`, resources));
  errors.push(...choiceErrors(`${field}.scope`, scope, SCOPES));
  const names = new Set<string>();
  rule.resourceNames?.forEach((name, i) => {
    if (names.has(name)) errors.push(duplicate(`${field}.resourceNames[${i}]`, name));
    names.add(name);
  });
  return errors;
}

function resourceErrors(field: string, resources: readonly string[] = []): FieldError[] {
  if (!resources.length) return [required(field)];
  const errors: FieldError[] = [];
  resources.forEach((resource, i) => resource || errors.push(required(`${field}[${i}]`)));
  const plain = resources.filter((r) => !r.includes("/"));
  if (resources.includes("*/*") && resources.length > 1)
    errors.push(invalidValue(field, resources, "if '*/*' is present, must not specify other resources"));
  if (plain.includes("*") && plain.length > 1)
    errors.push(invalidValue(field, resources, "if '*' is present, must not specify other resources without subresources"));
  return errors;
}

export function matchResourcesErrors(field: string, wanted: MatchResources, needsRules: boolean): FieldError[] {
  const { matchPolicy, namespaceSelector, objectSelector, resourceRules = [], excludeResourceRules = [] } = wanted;
  const errors = [
    ...choiceErrors(`${field}.matchPolicy`, matchPolicy, ["Equivalent", "Exact"]),
    ...validateLabelSelector(`${field}.namespaceSelector`, namespaceSelector),
    ...validateLabelSelector(`${field}.objectSelector`, objectSelector),
  ];
  resourceRules.forEach((rule, i) => errors.push(...ruleErrors(`${field}.resourceRules[${i}]`, rule)));
  excludeResourceRules.forEach((rule, i) => errors.push(...ruleErrors(`${field}.excludeResourceRules[${i}]`, rule)));
  if (needsRules && !resourceRules.length) errors.push(required(`${field}.resourceRules`));
  return errors;
}

/** What a mutation cannot be for. */
export function mutatingOperationErrors(field: string, { resourceRules = [] }: MatchResources): FieldError[] {
  const allowed = OPERATIONS.filter((operation) => operation !== "DELETE");
  return resourceRules.flatMap(({ operations = [] }) =>
    operations.flatMap((o) => choiceErrors(`${field}.resourceRules.operations`, o, allowed)),
  );
}

export function policyNameErrors(field: string, name: string): FieldError[] {
  if (!name) return [required(field)];
  return isDNS1123Subdomain(name).map((m) => invalidValue(field, name, m));
}

export function paramRefErrors(field: string, ref: ParamRef | undefined): FieldError[] {
  if (!ref) return [];
  const { name, selector, parameterNotFoundAction: action } = ref;
  const errors: FieldError[] = [];
  if (name && selector) {
    const text = "name and selector are mutually exclusive";
    errors.push(forbidden(`${field}.name`, text), forbidden(`${field}.selector`, text));
  } else if (!name && !selector) errors.push(required(field, "one of name or selector must be specified"));
  if (action === undefined) errors.push(required(`${field}.parameterNotFoundAction`));
  else if (!["Deny", "Allow"].includes(action))
    errors.push(notSupported(`${field}.parameterNotFoundAction`, action, ["Deny", "Allow"], "given"));
  return errors;
}
