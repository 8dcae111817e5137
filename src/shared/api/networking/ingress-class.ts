import { forbidden, invalidValue, notSupported, required, tooLong, type FieldError } from "../../apimachinery/field-error.ts";
import { isDNS1123Label, validateDomainPrefixedPath } from "../../apimachinery/validation.ts";
import { age, NONE } from "../cells.ts";
import type { IngressClass as T } from "../generated/networking-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";
import { validateReference } from "./ingress.ts";

const IS_DEFAULT = "ingressclass.kubernetes.io/is-default-class";
const MAX_CONTROLLER = 250;
const SCOPES = ["Cluster", "Namespace"];

export const IngressClass = defineKind<T>({
  ...facts["networking.k8s.io/v1/ingressclasses"],
  generation: true,
  immutable: ["spec.controller"],
  revalidatesMetadata: true,
  setDefaults({ spec }) {
    if (spec?.parameters) spec.parameters.scope ??= "Cluster";
  },
  cells(object, context) {
    const { metadata, spec } = object;
    const name = metadata.annotations?.[IS_DEFAULT] === "true" ? `${metadata.name} (default)` : metadata.name;
    const { apiGroup, kind, name: parameter } = spec?.parameters ?? {};
    const parameters = kind ? `${kind}${apiGroup === undefined ? "" : `.${apiGroup}`}/${parameter}` : NONE;
    return [name, spec?.controller ?? "", parameters, age(object, context)];
  },
  validate({ spec: { controller = "", parameters } }) {
    const field = "spec.controller";
    return [
      ...(controller.length > MAX_CONTROLLER ? [tooLong(field, MAX_CONTROLLER)] : []),
      ...validateDomainPrefixedPath(field, controller),
      ...(parameters ? validateParameters("spec.parameters", parameters) : []),
    ];
  },
});
export type IngressClass = T;

function validateParameters(field: string, parameters: NonNullable<T["spec"]["parameters"]>): FieldError[] {
  const { scope, namespace } = parameters;
  const errors = validateReference(field, parameters);
  if (scope === undefined) return [...errors, required(`${field}.scope`)];
  const at = `${field}.namespace`;
  if (!SCOPES.includes(scope)) errors.push(notSupported(`${field}.scope`, scope, SCOPES));
  else if (scope === "Cluster" && namespace !== undefined) errors.push(forbidden(at, "`parameters.scope` is set to 'Cluster'"));
  else if (scope === "Namespace" && namespace === undefined)
    errors.push(required(at, "`parameters.scope` is set to 'Namespace'"));
  else if (namespace !== undefined) errors.push(...isDNS1123Label(namespace).map((text) => invalidValue(at, namespace, text)));
  return errors;
}
