/**
 * Environment variables of containers, and the downward API, which volumes use as well.
 *
 * @source pkg/apis/core/validation/validation.go (ValidateEnv…), pkg/apis/core/pods/helpers.go v1.36
 */
import { invalidValue, notSupported, required, type FieldError } from "../../../apimachinery/field-error.ts";
import { canonicalQuantity, compareQuantities } from "../../../apimachinery/quantity.ts";
import {
  isConfigMapKey,
  isDNS1123Label,
  isDNS1123Subdomain,
  isQualifiedName,
  isRelaxedEnvVarName,
} from "../../../apimachinery/validation.ts";
import type { EnvFromSource, EnvVar, EnvVarSource, ObjectFieldSelector, ResourceFieldSelector } from "../../generated/core-v1.ts";
import { noBacksteps, says } from "./common.ts";

export function validateEnv(field: string, vars: readonly EnvVar[] = []): FieldError[] {
  return vars.flatMap(({ name, value, valueFrom }, i) => {
    const at = `${field}[${i}]`;
    const errors = name ? says(`${at}.name`, name, isRelaxedEnvVarName(name)) : [required(`${at}.name`)];
    return valueFrom ? [...errors, ...validateSource(`${at}.valueFrom`, valueFrom, value)] : errors;
  });
}

function validateSource(field: string, source: EnvVarSource, value: string | undefined): FieldError[] {
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = source;
  const parts = [
    fieldRef && validateFieldRef(`${field}.fieldRef`, fieldRef, ENV_FIELDS),
    resourceFieldRef && validateResourceFieldRef(`${field}.resourceFieldRef`, resourceFieldRef, false),
    configMapKeyRef && validateKeyRef(`${field}.configMapKeyRef`, configMapKeyRef),
    secretKeyRef && validateKeyRef(`${field}.secretKeyRef`, secretKeyRef),
    fileKeyRef && validateFileRef(`${field}.fileKeyRef`, fileKeyRef),
  ].filter((part) => part !== undefined);
  const errors = parts.flat();
  const wrong = (text: string) => errors.push(invalidValue(field, "", text));
  if (parts.length === 0)
    wrong("must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`");
  else if (value) wrong("may not be specified when `value` is not empty");
  else if (parts.length > 1) wrong("may not have more than one field specified at a time");
  return errors;
}

function validateKeyRef(field: string, { name = "", key }: { name?: string; key: string }): FieldError[] {
  return [
    ...says(`${field}.name`, name, isDNS1123Subdomain(name)),
    ...(key ? says(`${field}.key`, key, isConfigMapKey(key)) : [required(`${field}.key`)]),
  ];
}

function validateFileRef(field: string, file: NonNullable<EnvVarSource["fileKeyRef"]>): FieldError[] {
  const { key, volumeName, path } = file;
  return [
    ...(key ? says(`${field}.key`, key, isRelaxedEnvVarName(key)) : [required(`${field}.key`)]),
    ...(volumeName ? says(`${field}.volumeName`, volumeName, isDNS1123Label(volumeName)) : [required(`${field}.volumeName`)]),
    ...(path ? noBacksteps(`${field}.path`, path) : [required(`${field}.path`)]),
  ];
}

const ENV_FIELDS = [
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
  "spec.nodeName",
  "spec.serviceAccountName",
  "status.hostIP",
  "status.hostIPs",
  "status.podIP",
  "status.podIPs",
];
export const VOLUME_FIELDS = ["metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"];
const KNOWN_FIELDS = new Set([...ENV_FIELDS, ...VOLUME_FIELDS]);
const SUBSCRIPT = /^(.+?)\['(.*)'\]$/s;

export function validateFieldRef(field: string, ref: ObjectFieldSelector, supported: readonly string[]): FieldError[] {
  const { apiVersion, fieldPath } = ref;
  if (!apiVersion) return [required(`${field}.apiVersion`)];
  if (!fieldPath) return [required(`${field}.fieldPath`)];
  const at = `${field}.fieldPath`;
  const refused = (why: string) => [invalidValue(at, fieldPath, `error converting fieldPath: ${why}`)];
  if (apiVersion !== "v1") return refused(`unsupported pod version: ${apiVersion}`);
  const [, path = fieldPath, subscript] = SUBSCRIPT.exec(fieldPath) ?? [];
  if (subscript !== undefined) {
    if (path === "metadata.annotations") return says(field, subscript.toLowerCase(), isQualifiedName(subscript.toLowerCase()));
    if (path === "metadata.labels") return says(field, subscript, isQualifiedName(subscript));
    return refused(`field label does not support subscript: ${fieldPath}`);
  }
  // An old name of a field that stays known.
  const known = path === "spec.host" ? "spec.nodeName" : path;
  if (!KNOWN_FIELDS.has(known)) return refused(`field label not supported: ${path}`);
  return supported.includes(known) ? [] : [notSupported(at, known, supported)];
}

const RESOURCES = ["cpu", "ephemeral-storage", "memory"].flatMap((name) => [`limits.${name}`, `requests.${name}`]);
const HUGE_PAGES = ["requests.hugepages-", "limits.hugepages-"];
const UNITS = ["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"];

export function validateResourceFieldRef(field: string, ref: ResourceFieldSelector, inVolume: boolean): FieldError[] {
  const { containerName, resource, divisor } = ref;
  const errors: FieldError[] = [];
  const isHuge = HUGE_PAGES.some((prefix) => resource.startsWith(prefix));
  if (inVolume && !containerName) errors.push(required(`${field}.containerName`));
  else if (!resource) errors.push(required(`${field}.resource`));
  else if (!RESOURCES.includes(resource) && !isHuge) errors.push(notSupported(`${field}.resource`, resource, RESOURCES));
  if (divisor === undefined || compareQuantities(String(divisor), "0") === 0) return errors;
  const name = resource.replace(/^(limits|requests)\./, "");
  const text = isHuge ? "hugepages" : name === "ephemeral-storage" ? "local ephemeral storage" : name;
  const units = name === "cpu" ? ["1m", "1"] : UNITS;
  const isKnown = isHuge || RESOURCES.includes(resource);
  if (isKnown && !units.includes(canonicalQuantity(String(divisor)))) {
    const shown = name === "cpu" ? "1m and 1" : UNITS.join(", ");
    errors.push(
      invalidValue(`${field}.divisor`, resource, `only divisor's values ${shown} are supported with the ${text} resource`),
    );
  }
  return errors;
}

export function validateEnvFrom(field: string, sources: readonly EnvFromSource[] = []): FieldError[] {
  return sources.flatMap(({ prefix, configMapRef, secretRef }, i) => {
    const at = `${field}[${i}]`;
    const errors = prefix ? says(`${at}.prefix`, prefix, isRelaxedEnvVarName(prefix)) : [];
    for (const [member, ref] of Object.entries({ configMapRef, secretRef })) {
      if (!ref) continue;
      // A name may end with a dash here: it is judged as the beginning of one.
      const name = ref.name?.replace(/-$/, "a");
      errors.push(
        ...(name ? says(`${at}.${member}.name`, ref.name, isDNS1123Subdomain(name)) : [required(`${at}.${member}.name`)]),
      );
    }
    if (!configMapRef && !secretRef) errors.push(invalidValue(field, "", "must specify one of: `configMapRef` or `secretRef`"));
    else if (configMapRef && secretRef)
      errors.push(invalidValue(field, "", "may not have more than one field specified at a time"));
    return errors;
  });
}
