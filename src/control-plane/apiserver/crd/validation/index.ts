/** Validation of custom resources against the schema of their version. */
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
} from "../../../../shared/api/generated/apiextensions-v1.ts";
import type { KindBehaviour } from "../../../../shared/api/kind.ts";
import { invalidValue, type FieldError } from "../../../../shared/apimachinery/field-error.ts";
import type { KubeObject } from "../../../../shared/apimachinery/meta.ts";
import { hasRules, ruleErrors } from "../rules/run.ts";
import type { Props } from "../structural.ts";
import { embeddedErrors } from "./embedded.ts";
import { validateListTypes } from "./list-types.ts";
import { scaleErrors } from "./scale.ts";
import { validateValue } from "./value.ts";

type Behaviour = Pick<KindBehaviour<KubeObject>, "validate" | "validateStatusUpdate" | "warnings">;

export function objectValidation(_definition: CustomResourceDefinition, version: CustomResourceDefinitionVersion): Behaviour {
  const props = version.schema?.openAPIV3Schema;
  const validate = (object: KubeObject, old: KubeObject | undefined): FieldError[] => {
    const errors = scaleErrors(object, version.subresources?.scale);
    if (!props) return errors;
    const root = rootOf(props);
    errors.push(...validateValue(root, object, "", old && { value: old }));
    errors.push(...embeddedErrors(root, object));
    const repeated = validateListTypes(root, object);
    if (repeated.length && !(old && validateListTypes(root, old).length)) errors.push(...repeated);
    if (!hasRules(root)) return errors;
    const tolerated: FieldError[] = [];
    errors.push(
      ...(errors.some(isBlocking) ? [NOT_CHECKED] : ruleErrors(root, object, "", old && { value: old }, true, tolerated)),
    );
    if (tolerated.length)
      told.set(
        object,
        tolerated.map(({ field, message }) => `${field}: ${message}`),
      );
    return errors;
  };
  return {
    warnings: (object, old) => [...finalizerWarnings(object, old), ...(told.get(object) ?? [])],
    validate: (object, _context, old) => validate(object, old),
    validateStatusUpdate: (object, old) => validate(object, old),
  };
}

const BLOCKING = new Set(["FieldValueRequired", "FieldValueTooLong", "FieldValueTooMany", "FieldValueTypeInvalid"]);
const isBlocking = ({ type }: FieldError) => BLOCKING.has(type);
const NOT_CHECKED = invalidValue(
  "<nil>",
  null,
  "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation",
);

/** What validation let pass, for the answer's warnings. */
const told = new WeakMap<object, string[]>();

/** Of the object itself, when they are new. */
function finalizerWarnings(object: KubeObject, old: KubeObject | undefined): string[] {
  const known = old?.metadata.finalizers ?? [];
  const added = (object.metadata.finalizers ?? []).filter((f) => !known.includes(f) && !f.includes("/") && !STANDARD.has(f));
  return added.map(
    (f) =>
      `metadata.finalizers: ${JSON.stringify(f)}: prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers`,
  );
}

const STANDARD = new Set(["orphan", "foregroundDeletion", "kubernetes"]);

const roots = new WeakMap<Props, Props>();

/** Type and metadata of the object itself are nobody's to describe. */
function rootOf(props: Props): Props {
  let root = roots.get(props);
  if (!root) {
    const { metadata: _metadata, ...properties } = props.properties ?? {};
    roots.set(props, (root = { ...props, properties }));
  }
  return root;
}
