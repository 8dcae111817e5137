/**
 * What in a policy's expressions cannot work with the kinds it is for. Pure.
 *
 * Only rules that name one kind exactly can be checked, and only kinds whose types are known; expressions about others are left alone.
 *
 * @source staging/src/k8s.io/apiserver/pkg/admission/plugin/policy/validating/typechecking.go v1.36
 */
import { builtInKinds, type Kind, type ValidatingAdmissionPolicy } from "../../../shared/api/index.ts";
import { compileTyped, type Declared } from "../../../shared/api/admissionregistration/expressions.ts";
import type { ExpressionWarning } from "../../../shared/api/generated/admissionregistration-v1.ts";
import { dyn, listOf, mapOf, type, type CelType } from "../../../shared/apimachinery/cel/index.ts";
import type { ScalarName, Schema } from "../../../shared/apimachinery/schema.ts";

const MAX_KINDS = 10;

export function checkPolicy(policy: ValidatingAdmissionPolicy): ExpressionWarning[] {
  const kinds = kindsOf(policy);
  const { validations = [], variables = [], matchConditions = [], paramKind } = policy.spec ?? {};
  const expressions: [fieldRef: string, source: string][] = [
    ...variables.map((v, i): [string, string] => [`spec.variables[${i}].expression`, v.expression]),
    ...matchConditions.map((m, i): [string, string] => [`spec.matchConditions[${i}].expression`, m.expression]),
    ...validations.flatMap((v, i): [string, string][] => [
      [`spec.validations[${i}].expression`, v.expression],
      ...(v.messageExpression ? [[`spec.validations[${i}].messageExpression`, v.messageExpression] as [string, string]] : []),
    ]),
  ];
  return expressions.flatMap(([fieldRef, source]) => {
    const faults = kinds.flatMap((kind) => {
      const object = typeOf(kind.schema);
      const declared: Declared = { params: !!paramKind, authorizer: true, variables: variableTypes(policy, object) };
      const compiled = compileTyped(source, declared, object);
      return "program" in compiled ? [] : [`${kind.groupVersion}, Kind=${kind.kind}: ${compiled.text}`];
    });
    return faults.length ? [{ fieldRef, warning: faults.join("\n") }] : [];
  });
}

function variableTypes({ spec }: ValidatingAdmissionPolicy, object: CelType): Record<string, CelType> {
  const types: Record<string, CelType> = {};
  for (const { name, expression } of spec?.variables ?? []) {
    const compiled = compileTyped(expression, { params: !!spec?.paramKind, authorizer: true, variables: { ...types } }, object);
    types[name] = "program" in compiled ? compiled.program.type : dyn;
  }
  return types;
}

function kindsOf({ spec }: ValidatingAdmissionPolicy): Kind<any>[] {
  const found = new Set<Kind<any>>();
  for (const { apiGroups = [], apiVersions = [], resources = [] } of spec?.matchConstraints?.resourceRules ?? []) {
    if ([...apiGroups, ...apiVersions, ...resources].some((text) => text.includes("*") || text.includes("/"))) continue;
    for (const kind of builtInKinds) {
      if (apiGroups.includes(kind.group) && apiVersions.includes(kind.version) && resources.includes(kind.plural))
        found.add(kind);
    }
  }
  return [...found].slice(0, MAX_KINDS);
}

const SCALARS: Partial<Record<ScalarName, CelType>> = {
  string: type("string"),
  boolean: type("bool"),
  int32: type("int"),
  int64: type("int"),
  double: type("double"),
  bytes: type("bytes"),
  Quantity: type("string"),
  Duration: type("string"),
  Time: type("timestamp"),
  MicroTime: type("timestamp"),
};

/** Fields are resolved when they are asked for: types may contain themselves. */
function typeOf(schema: Schema): CelType {
  switch (schema.type) {
    case "scalar":
      return SCALARS[schema.scalar] ?? dyn;
    case "list":
      return listOf(typeOf(schema.items));
    case "map":
      return mapOf(type("string"), typeOf(schema.values));
    case "struct":
      return {
        name: schema.name,
        field(name) {
          const field = schema.fields.get(name);
          return field && typeOf(field.schema);
        },
      };
  }
}
