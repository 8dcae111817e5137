/**
 * What a CustomResourceDefinition has to be. Where all versions agree upstream speaks of `spec.validation`, `spec.subresources` and the
 * like, as if they stood at the top, and so do the errors here.
 *
 * @source staging/src/k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go v1.36
 */
import type {
  CustomResourceColumnDefinition,
  CustomResourceDefinition as Definition,
  CustomResourceDefinitionNames as Names,
  CustomResourceDefinitionVersion as Version,
  CustomResourceSubresources,
} from "../../../../shared/api/generated/apiextensions-v1.ts";
import {
  duplicate,
  invalidValue,
  notSupported,
  forbidden,
  required,
  tooMany,
  type FieldError,
} from "../../../../shared/apimachinery/field-error.ts";
import { deepEqual } from "../../../../shared/apimachinery/patch/index.ts";
import { isDNS1035Label, isDNS1123Subdomain } from "../../../../shared/apimachinery/validation.ts";
import { isTrue } from "../conditions.ts";
import { ruleDefinitionErrors } from "../rules/definition-errors.ts";
import type { Props } from "../structural.ts";
import { approvalErrors } from "./approval.ts";
import { conversionErrors } from "./conversion-rules.ts";
import { defaultErrors } from "./defaults.ts";
import { schemaErrors, walkFieldPath } from "./schema-rules.ts";
import { isConvertible, parts, structuralErrors } from "./structural-rules.ts";

export function validateDefinition(definition: Definition, old: Definition | undefined): FieldError[] {
  const { metadata, spec, status } = definition;
  const errors: FieldError[] = [];
  const name = `${spec.names?.plural ?? ""}.${spec.group ?? ""}`;
  if (!old && metadata.name && metadata.name !== name)
    errors.push(invalidValue("metadata.name", metadata.name, 'must be spec.names.plural+"."+spec.group'));
  errors.push(...specErrors(definition, old));
  if (old && isTrue(old, "Established")) {
    if (spec.scope !== old.spec.scope) errors.push(invalidValue("spec.scope", spec.scope, IMMUTABLE));
    if (spec.names.kind !== old.spec.names.kind) errors.push(invalidValue("spec.names.kind", spec.names.kind, IMMUTABLE));
  }
  if (old && spec.group !== old.spec.group) errors.push(invalidValue("spec.group", spec.group, IMMUTABLE));
  if (old && spec.names.plural !== old.spec.names.plural)
    errors.push(invalidValue("spec.names.plural", spec.names.plural, IMMUTABLE));
  errors.push(...statusErrors(definition), ...storedVersionErrors(status.storedVersions, spec.versions ?? []));
  errors.push(...approvalErrors(definition, old));
  if (spec.preserveUnknownFields && !old?.spec.preserveUnknownFields)
    errors.push(
      invalidValue(
        "spec.preserveUnknownFields",
        true,
        "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead",
      ),
    );
  return errors;
}

const IMMUTABLE = "field is immutable";

export const statusErrors = ({ status }: Definition) =>
  status.acceptedNames ? nameErrors(status.acceptedNames, "status.acceptedNames") : [];

function storedVersionErrors(stored: readonly string[] | undefined, versions: readonly Version[]): FieldError[] {
  const path = "status.storedVersions";
  if (!stored?.length) return [invalidValue(path, null, "must have at least one stored version")];
  const errors = versions
    .filter((v) => v.storage && !stored.includes(v.name))
    .map((v) => invalidValue(path, stored, `must have the storage version ${v.name}`));
  stored.forEach((v, i) => {
    const text = `missing from spec.versions; ${v} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${v} and removes ${v} from status.storedVersions`;
    if (!versions.some(({ name }) => name === v)) errors.push(invalidValue(`${path}[${i}]`, v, text));
  });
  return errors;
}

/** What all versions say alike stands at the top. */
function shared<K extends keyof Version>(versions: readonly Version[], field: K): boolean {
  const first = versions[0]?.[field];
  return first !== undefined && versions.every((v) => v[field] !== undefined && deepEqual(v[field], first));
}

function specErrors({ spec }: Definition, old: Definition | undefined): FieldError[] {
  const errors: FieldError[] = [];
  const { group = "", scope = "", versions = [], names } = spec;
  if (!group) errors.push(required("spec.group"));
  else {
    const bad = isDNS1123Subdomain(group);
    if (bad.length) errors.push(invalidValue("spec.group", group, bad.join(",")));
    else if (!group.includes(".")) errors.push(invalidValue("spec.group", group, "should be a domain with at least one dot"));
  }
  if (!scope) errors.push(required("spec.scope"));
  else if (scope !== "Cluster" && scope !== "Namespaced")
    errors.push(notSupported("spec.scope", scope, ["Cluster", "Namespaced"]));
  versions.forEach((v, i) => {
    if (!v.schema?.openAPIV3Schema) errors.push(required(`spec.versions[${i}].schema.openAPIV3Schema`));
  });
  const defaulted = versions.some(
    (v) => v.schema?.openAPIV3Schema && some(v.schema.openAPIV3Schema, (p) => p.default !== undefined),
  );
  if (defaulted && spec.preserveUnknownFields)
    errors.push(invalidValue("spec.preserveUnknownFields", true, "must be false in order to use defaults in the schema"));
  const top = {
    schema: shared(versions, "schema"),
    subresources: shared(versions, "subresources"),
    columns: shared(versions, "additionalPrinterColumns"),
    fields: shared(versions, "selectableFields"),
  };
  versions.forEach((v, i) => {
    const path = `spec.versions[${i}]`;
    const bad = isDNS1035Label(v.name);
    if (bad.length) errors.push(invalidValue(`${path}.name`, v.name, bad.join(",")));
    errors.push(...deprecationErrors(v, path));
    if (!top.schema) errors.push(...versionSchemaErrors(v, `${path}.schema.openAPIV3Schema`, old));
    if (!top.subresources) errors.push(...subresourceErrors(v.subresources, `${path}.subresources`));
    if (!top.columns) errors.push(...columnErrors(v.additionalPrinterColumns, `${path}.additionalPrinterColumns`));
    if (!top.fields) errors.push(...selectableErrors(v, `${path}.selectableFields`, old));
  });
  const unique = new Set(versions.map((v) => v.name)).size === versions.length;
  // Differs: the list is shown as it was sent, not as Go's structs.
  if (!unique) errors.push(invalidValue("spec.versions", versions, "must contain unique version names"));
  if (versions.filter((v) => v.storage).length !== 1)
    errors.push(
      invalidValue("spec.versions", versions.length ? versions : null, "must have exactly one version marked as storage version"),
    );
  const first = versions[0];
  if (first?.name) {
    const bad = isDNS1035Label(first.name);
    if (bad.length) errors.push(invalidValue("spec.version", first.name, bad.join(",")));
  }
  for (const field of ["plural", "singular", "kind", "listKind"] as const)
    if (!names?.[field]) errors.push(required(`spec.names.${field}`));
  errors.push(...nameErrors(names ?? { plural: "", kind: "" }, "spec.names"));
  if (first && top.schema) errors.push(...versionSchemaErrors(first, "spec.validation.openAPIV3Schema", old));
  if (first && top.subresources) errors.push(...subresourceErrors(first.subresources, "spec.subresources"));
  if (first && top.columns) errors.push(...columnErrors(first.additionalPrinterColumns, "spec.additionalPrinterColumns"));
  if (first && top.fields) errors.push(...selectableErrors(first, "spec.selectableFields", old));
  errors.push(...conversionErrors(spec.conversion, spec.preserveUnknownFields ?? false, old));
  return errors;
}

/** Whether a schema or one below it is such a one. */
const some = (props: Props, is: (props: Props) => boolean): boolean => is(props) || parts(props).some((p) => some(p, is));

/** Old definitions may hold what is refused now. */
const wasStructural = (old: Definition | undefined) =>
  (old?.spec.versions ?? []).every(({ schema }) => {
    const props = schema?.openAPIV3Schema;
    return !props || (isConvertible(props) && !structuralErrors(props, "").length);
  });

function versionSchemaErrors({ name, schema, subresources }: Version, path: string, old: Definition | undefined): FieldError[] {
  const props = schema?.openAPIV3Schema;
  if (!props) return [];
  const errors: FieldError[] = [];
  let structural = false;
  if (subresources?.status) errors.push(...rootErrors(props, path));
  if (props.nullable) errors.push(forbidden(`${path}.nullable`, "nullable cannot be true at the root"));
  if (isConvertible(props) && wasStructural(old)) {
    const found = structuralErrors(props, path);
    errors.push(...(found.length ? found : defaultErrors(props, path)));
    structural = errors.length === 0;
  }
  const ofSchema = schemaErrors(props, path, { root: true });
  errors.push(...ofSchema);
  if (structural && !ofSchema.length) {
    const before = old?.spec.versions?.find((v) => v.name === name)?.schema?.openAPIV3Schema;
    errors.push(...ruleDefinitionErrors(props, path, !deepEqual(before, props)));
  }
  return errors;
}

const AT_ROOT =
  "Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength MinLength Pattern MaxItems MinItems UniqueItems MultipleOf Required Items Properties ExternalDocs Example XPreserveUnknownFields XValidations";
const ROOT_WORDS = new Set(AT_ROOT.split(" ").map((word) => word.replace(/^[A-WYZ]/, (letter) => letter.toLowerCase())));
const SPELLED: Readonly<Record<string, string>> = {
  "x-kubernetes-preserve-unknown-fields": "XPreserveUnknownFields",
  "x-kubernetes-validations": "XValidations",
};

/** With a status subresource the root of a schema speaks of the whole object alone. */
function rootErrors(props: Props, path: string): FieldError[] {
  if (props.type !== "object") {
    const text = 'only "object" is allowed as the type at the root of the schema if the status subresource is enabled';
    return props.type ? [invalidValue(`${path}.type`, props.type, text)] : [];
  }
  // Differs: the schema is shown as it was sent, not as Go's struct.
  const text = `only [${AT_ROOT}] fields are allowed at the root of the schema if the status subresource is enabled`;
  const odd = Object.entries(props).some(([word, value]) => !ROOT_WORDS.has(SPELLED[word] ?? word) && value !== false);
  return odd ? [invalidValue(path, props, text)] : [];
}

function deprecationErrors({ deprecated, deprecationWarning: text }: Version, path: string): FieldError[] {
  if (text === undefined) return [];
  const bad = (detail: string) => invalidValue(`${path}.deprecationWarning`, text, detail);
  if (!deprecated) return [bad("can only be set for deprecated versions")];
  const errors: FieldError[] = [];
  if (Buffer.byteLength(text) > 256) errors.push(bad("must be <= 256 characters long"));
  if (!text) errors.push(bad("must not be an empty string"));
  const at = text.search(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u);
  if (at >= 0)
    errors.push(
      bad(
        `must only contain printable UTF-8 characters; non-printable character found at index ${Buffer.byteLength(text.slice(0, at))}`,
      ),
    );
  return errors;
}

function nameErrors(names: Names, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const label = (field: string, value: string | undefined) => {
    const bad = value ? isDNS1035Label(value) : [];
    if (bad.length) errors.push(invalidValue(`${path}.${field}`, value, bad.join(",")));
  };
  const mixed = (field: string, value: string | undefined) => {
    const bad = value ? isDNS1035Label(value.toLowerCase()) : [];
    const text = `may have mixed case, but should otherwise match: ${bad.join(",")}`;
    if (bad.length) errors.push(invalidValue(`${path}.${field}`, value, text));
  };
  label("plural", names.plural);
  label("singular", names.singular);
  mixed("kind", names.kind);
  mixed("listKind", names.listKind);
  const shown = (field: string, values: readonly string[] | undefined) =>
    values?.forEach((value, i) => {
      const bad = isDNS1035Label(value);
      if (bad.length) errors.push(invalidValue(`${path}.${field}[${i}]`, value, bad.join(",")));
    });
  shown("shortNames", names.shortNames);
  if (names.kind && names.kind === names.listKind)
    errors.push(invalidValue(`${path}.listKind`, names.listKind, "kind and listKind may not be the same"));
  shown("categories", names.categories);
  return errors;
}

const COLUMN_TYPES = ["boolean", "date", "integer", "number", "string"];
const COLUMN_FORMATS = ["byte", "date", "date-time", "double", "float", "int32", "int64", "password"];

function columnErrors(columns: readonly CustomResourceColumnDefinition[] | undefined, path: string): FieldError[] {
  return (columns ?? []).flatMap((column, i) => {
    const at = `${path}[${i}]`;
    const errors: FieldError[] = [];
    const types = `must be one of ${COLUMN_TYPES.join(",")}`;
    if (!column.name) errors.push(required(`${at}.name`));
    if (!column.type) errors.push(required(`${at}.type`, types));
    else if (!COLUMN_TYPES.includes(column.type)) errors.push(invalidValue(`${at}.type`, column.type, types));
    if (column.format && !COLUMN_FORMATS.includes(column.format))
      errors.push(invalidValue(`${at}.format`, column.format, `must be one of ${COLUMN_FORMATS.join(",")}`));
    if (!column.jsonPath) errors.push(required(`${at}.JSONPath`));
    else errors.push(...simplePathErrors(column.jsonPath, `${at}.JSONPath`));
    return errors;
  });
}

const simplePathErrors = (path: string, field: string) =>
  path.startsWith(".") ? [] : [invalidValue(field, path, "must be a simple json path starting with .")];

function subresourceErrors(subresources: CustomResourceSubresources | undefined, path: string): FieldError[] {
  const scale = subresources?.scale;
  if (!scale) return [];
  const errors: FieldError[] = [];
  const check = (field: string, value: string | undefined, prefixes: readonly string[], where: string, needed: boolean) => {
    const at = `${path}.scale.${field}`;
    if (!value) return void (needed && errors.push(required(at)));
    const bad = simplePathErrors(value, at);
    if (bad.length) errors.push(...bad);
    else if (!prefixes.some((p) => value.startsWith(p)))
      errors.push(invalidValue(at, value, `should be a json path under ${where}`));
  };
  check("specReplicasPath", scale.specReplicasPath, [".spec."], ".spec", true);
  check("statusReplicasPath", scale.statusReplicasPath, [".status."], ".status", true);
  check("labelSelectorPath", scale.labelSelectorPath, [".spec.", ".status."], "either .spec or .status", false);
  return errors;
}

const MAX_SELECTABLE = 8;

function selectableErrors({ name, selectableFields, schema }: Version, path: string, old: Definition | undefined): FieldError[] {
  if (!selectableFields?.length || !schema?.openAPIV3Schema) return [];
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  selectableFields.forEach(({ jsonPath }, i) => {
    const at = `${path}[${i}].jsonPath`;
    if (!jsonPath) return void errors.push(required(at));
    const walked = walkFieldPath(jsonPath, schema.openAPIV3Schema!, false);
    if (typeof walked === "string") return void errors.push(invalidValue(at, jsonPath, `is an invalid path: ${walked}`));
    if (walked.names[0] === "metadata") errors.push(invalidValue(at, jsonPath, "must not point to fields in metadata"));
    if (!["string", "boolean", "integer"].includes(walked.found.type ?? ""))
      errors.push(
        invalidValue(
          at,
          jsonPath,
          "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.",
        ),
      );
    if (seen.has(walked.path)) errors.push(duplicate(at, jsonPath));
    seen.add(walked.path);
  });
  const before = old?.spec.versions?.find((v) => v.name === name)?.selectableFields;
  if (seen.size > MAX_SELECTABLE && !(before && before.length > MAX_SELECTABLE && deepEqual(before, selectableFields)))
    errors.push(tooMany(path, seen.size, MAX_SELECTABLE));
  return errors;
}
