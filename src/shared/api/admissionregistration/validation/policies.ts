/**
 * Admission policies and their bindings.
 *
 * @source pkg/apis/admissionregistration/validation/validation.go v1.36
 */
import type {
  AuditAnnotation,
  MatchResources,
  MutatingAdmissionPolicy,
  Mutation,
  ParamKind,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  Validation,
  Variable,
} from "../../generated/admissionregistration-v1.ts";
import { dyn, listOf, type, type CelType } from "../../../apimachinery/cel/index.ts";
import { duplicate, invalidValue, required, type FieldError } from "../../../apimachinery/field-error.ts";
import { isCIdentifier, isDNS1035Label, isDNS1123Subdomain, isQualifiedName } from "../../../apimachinery/validation.ts";
import { compileFor, JSON_PATCH, OBJECT, type Declared } from "../expressions.ts";
import { expressionErrors, matchConditionErrors } from "./expressions.ts";
import { choiceErrors, matchResourcesErrors, mutatingOperationErrors } from "./rules.ts";

const NOT_SPECIFIED = "expression is not specified";

export function validatingPolicyErrors({ metadata, spec }: ValidatingAdmissionPolicy): FieldError[] {
  const { paramKind, validations = [], auditAnnotations = [], variables = [], matchConditions, failurePolicy } = spec ?? {};
  const own: Declared = { params: paramKind !== undefined, authorizer: true };
  const declared = { ...own };
  const errors = [
    ...choiceErrors("spec.failurePolicy", failurePolicy, ["Fail", "Ignore"]),
    ...paramKindErrors(paramKind),
    ...constraintErrors(spec?.matchConstraints),
    ...matchConditionErrors("spec.matchConditions", matchConditions, own),
    ...variableErrors(variables, declared),
  ];
  if (!validations.length && !auditAnnotations.length) {
    const text = "validations or auditAnnotations must contain at least one item";
    return [...errors, required("spec.validations", text), required("spec.auditAnnotations", text)];
  }
  validations.forEach((validation, i) => errors.push(...validationErrors(`spec.validations[${i}]`, validation, declared)));
  return [...errors, ...auditErrors(auditAnnotations, metadata.name ?? "", declared)];
}

export function mutatingPolicyErrors({ spec }: MutatingAdmissionPolicy): FieldError[] {
  const {
    paramKind,
    mutations = [],
    variables = [],
    matchConditions,
    failurePolicy,
    reinvocationPolicy,
    matchConstraints,
  } = spec ?? {};
  const own: Declared = { params: paramKind !== undefined, authorizer: true };
  const declared: Declared = { ...own, makes: true };
  const errors = [
    ...choiceErrors("spec.failurePolicy", failurePolicy, ["Fail", "Ignore"]),
    ...paramKindErrors(paramKind),
    ...constraintErrors(matchConstraints),
    ...(matchConstraints ? mutatingOperationErrors("spec.matchConstraints", matchConstraints) : []),
    ...matchConditionErrors("spec.matchConditions", matchConditions, own),
    ...variableErrors(variables, declared),
  ];
  if (!mutations.length) errors.push(required("spec.mutations", "mutations must contain at least one item"));
  mutations.forEach((mutation, i) => errors.push(...mutationErrors(`spec.mutations[${i}]`, mutation, declared)));
  if (reinvocationPolicy === undefined) errors.push(required("spec.reinvocationPolicy"));
  return [...errors, ...choiceErrors("spec.reinvocationPolicy", reinvocationPolicy, ["IfNeeded", "Never"])];
}

function paramKindErrors(kind: ParamKind | undefined): FieldError[] {
  if (!kind) return [];
  const { apiVersion = "", kind: name = "" } = kind;
  const errors: FieldError[] = [];
  const [group, version, ...rest] = apiVersion.split("/");
  if (!apiVersion) errors.push(required("spec.paramKind.apiVersion"));
  else if (rest.length)
    errors.push(invalidValue("spec.paramKind.apiVersion", apiVersion, `unexpected GroupVersion string: ${apiVersion}`));
  else {
    if (version !== undefined && group)
      errors.push(...isDNS1123Subdomain(group).map((m) => invalidValue("spec.paramKind.apiVersion", group, m)));
    errors.push(...isDNS1035Label(version ?? group!).map((m) => invalidValue("spec.paramKind.apiVersion", version ?? group, m)));
  }
  const text = "may have mixed case, but should otherwise match: ";
  if (!name) errors.push(required("spec.paramKind.kind"));
  else errors.push(...isDNS1035Label(name.toLowerCase()).map((m) => invalidValue("spec.paramKind.kind", name, text + m)));
  return errors;
}

function constraintErrors(constraints: MatchResources | undefined): FieldError[] {
  if (!constraints) return [required("spec.matchConstraints")];
  return matchResourcesErrors("spec.matchConstraints", constraints, true);
}

/** Each may use those before it; `declared` learns their types. */
function variableErrors(variables: readonly Variable[], declared: Declared): FieldError[] {
  const errors: FieldError[] = [];
  const types: Record<string, CelType> = {};
  variables.forEach(({ name = "", expression }, i) => {
    const at = `spec.variables[${i}]`;
    if (!name) errors.push(required(`${at}.name`, "name is not specified"));
    else if (isCIdentifier(name).length) errors.push(invalidValue(`${at}.name`, name, "must be a valid CEL identifier"));
    const known = { ...declared, variables: { ...types } };
    errors.push(...expressionErrors(`${at}.expression`, expression, [], known, NOT_SPECIFIED));
    const compiled = expression?.trim() ? compileFor(expression, known) : undefined;
    types[name] = compiled && "program" in compiled ? compiled.program.type : dyn;
  });
  if (variables.length) declared.variables = types;
  return errors;
}

function validationErrors(field: string, validation: Validation, declared: Declared): FieldError[] {
  const { expression, message = "", messageExpression, reason } = validation;
  const errors = expressionErrors(`${field}.expression`, expression, [type("bool")], declared, NOT_SPECIFIED);
  const text = message.trim();
  if (message && !text) errors.push(invalidValue(`${field}.message`, message, "must be non-empty if specified"));
  else if (text.includes("\n")) errors.push(invalidValue(`${field}.message`, message, "must not contain line breaks"));
  else if (expression?.includes("\n") && !text)
    errors.push(required(`${field}.message`, "message must be specified if expression contains line breaks"));
  if (messageExpression) {
    const { authorizer: _, ...without } = declared;
    errors.push(...expressionErrors(`${field}.messageExpression`, messageExpression, [type("string")], without));
  }
  return [
    ...errors,
    ...choiceErrors(
      `${field}.reason`,
      reason,
      ["Forbidden", "Invalid", "RequestEntityTooLarge", "Unauthorized"].filter((r) => r !== "Unauthorized" || reason === r),
    ),
  ];
}

function auditErrors(annotations: readonly AuditAnnotation[], policy: string, declared: Declared): FieldError[] {
  const errors: FieldError[] = [];
  const keys = new Set<string>();
  annotations.forEach(({ key = "", valueExpression }, i) => {
    const at = `spec.auditAnnotations[${i}]`;
    const full = `${policy}/${key}`;
    errors.push(...isQualifiedName(full).map((m) => invalidValue(`${at}.key`, full, m)));
    const wanted = [type("string"), type("null_type")];
    errors.push(
      ...expressionErrors(`${at}.valueExpression`, valueExpression, wanted, declared, "valueExpression is not specified"),
    );
    if (keys.has(key)) errors.push(duplicate(`${at}.key`, key));
    keys.add(key);
  });
  return errors;
}

function mutationErrors(field: string, { patchType, applyConfiguration, jsonPatch }: Mutation, declared: Declared): FieldError[] {
  if (!patchType) return [required(`${field}.patchType`)];
  const misplaced = (name: string) =>
    invalidValue(`${field}.${name}`, `{${name}}`, `must not be specified when patchType is ${patchType}`);
  const absent = (name: string) => required(`${field}.${name}`, `must be specified when patchType is ${patchType}`);
  if (patchType === "ApplyConfiguration") {
    if (jsonPatch) return [misplaced("jsonPatch")];
    if (!applyConfiguration) return [absent("applyConfiguration")];
    return expressionErrors(`${field}.applyConfiguration.expression`, applyConfiguration.expression, [OBJECT], declared);
  }
  if (patchType !== "JSONPatch") return choiceErrors(`${field}.patchType`, patchType, ["ApplyConfiguration", "JSONPatch"]);
  const errors: FieldError[] = [];
  if (!jsonPatch) errors.push(absent("jsonPatch"));
  if (applyConfiguration) errors.push(misplaced("applyConfiguration"));
  if (errors.length) return errors;
  return expressionErrors(`${field}.jsonPatch.expression`, jsonPatch!.expression, [listOf(JSON_PATCH)], declared);
}

export function validationActionErrors({ spec }: ValidatingAdmissionPolicyBinding): FieldError[] {
  const field = "spec.validationActions";
  const actions = spec?.validationActions ?? [];
  if (!actions.length) return [required(field, "at least one validation action is required")];
  const errors: FieldError[] = [];
  actions.forEach((action, i) => {
    errors.push(...choiceErrors(`${field}[${i}]`, action, ["Audit", "Deny", "Warn"]));
    if (actions.indexOf(action) < i) errors.push(duplicate(`${field}[${i}]`, action));
  });
  if (actions.includes("Deny") && actions.includes("Warn"))
    errors.push(
      invalidValue(
        field,
        actions,
        "must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)",
      ),
    );
  return errors;
}
