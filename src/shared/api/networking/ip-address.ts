import { goQuote, invalidValue, required, type FieldError } from "../../apimachinery/field-error.ts";
import { deepEqual } from "../../apimachinery/patch/json.ts";
import { isDNS1123Subdomain, isPathSegmentName } from "../../apimachinery/validation.ts";
import { validateIp } from "../../apimachinery/validation-ip.ts";
import { age, NONE } from "../cells.ts";
import type { IPAddress as T } from "../generated/networking-v1.ts";
import { facts } from "../generated/kinds.ts";
import { defineKind } from "../kind.ts";

export const IPAddress = defineKind<T>({
  ...facts["networking.k8s.io/v1/ipaddresses"],
  name: (name) => validateIp("", name).map(({ message }) => message.slice(`Invalid value: ${goQuote(name)}: `.length)),
  cells(object, context) {
    const { group, resource = "", namespace, name = "" } = object.spec?.parentRef ?? {};
    const what = `${resource}${group ? `.${group}` : ""}`.toLowerCase();
    const parent = object.spec?.parentRef ? `${what}${namespace ? `/${namespace}` : ""}/${name}` : NONE;
    return [object.metadata.name, parent, age(object, context)];
  },
  validate: ({ spec }, _context) => validateParent("spec.parentRef", spec?.parentRef),
  validateUpdate({ spec: { parentRef } }, old) {
    if (deepEqual(parentRef, old.spec.parentRef)) return [];
    const { group = "", resource, namespace = "", name } = parentRef;
    const shown = { Group: group, Resource: resource, Namespace: namespace, Name: name };
    return [invalidValue("spec.parentRef", shown, "field is immutable")];
  },
});
export type IPAddress = T;

function validateParent(field: string, parent: T["spec"]["parentRef"] | undefined): FieldError[] {
  if (!parent) return [required(field)];
  const { group, resource, name, namespace } = parent;
  const errors = group ? isDNS1123Subdomain(group).map((text) => invalidValue(`${field}.group`, group, text)) : [];
  for (const [member, value] of Object.entries({ resource, name, namespace })) {
    if (!value && member !== "namespace") errors.push(required(`${field}.${member}`));
    if (value) errors.push(...isPathSegmentName(value).map((text) => invalidValue(`${field}.${member}`, value, text)));
  }
  return errors;
}
