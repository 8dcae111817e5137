/**
 * Flow schemas: whom they match, and by what.
 *
 * @source pkg/apis/flowcontrol/validation/validation.go v1.36
 */
import { duplicate, forbidden, invalidValue, notSupported, required, type FieldError } from "../../apimachinery/field-error.ts";
import { deepEqual } from "../../apimachinery/patch/index.ts";
import { isDNS1123Label, isDNS1123Subdomain } from "../../apimachinery/validation.ts";
import type {
  FlowSchema,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
  Subject,
} from "../generated/flowcontrol-v1.ts";
import { mandatoryFlowSchemas } from "./mandatory.ts";

const MAX_PRECEDENCE = 10_000;
const DISTINGUISHERS = ["ByNamespace", "ByUser"];
const VERBS = ["get", "list", "create", "update", "delete", "deletecollection", "patch", "watch", "proxy"];

export function validateFlowSchema({ metadata, spec = {} as FlowSchema["spec"], status }: FlowSchema): FieldError[] {
  const { matchingPrecedence = 0, distinguisherMethod, priorityLevelConfiguration, rules = [] } = spec!;
  const errors = validatePrecedence(matchingPrecedence, metadata.name);
  if (distinguisherMethod && !DISTINGUISHERS.includes(distinguisherMethod.type))
    errors.push(notSupported("spec.distinguisherMethod.type", distinguisherMethod, DISTINGUISHERS));
  const at = "spec.priorityLevelConfiguration.name";
  const level = priorityLevelConfiguration?.name ?? "";
  if (level) errors.push(...isDNS1123Subdomain(level).map((text) => invalidValue(at, level, text)));
  else errors.push(required(at, "must reference a priority level"));
  rules.forEach((rule, i) => errors.push(...validateRule(`spec.rules[${i}]`, rule)));
  const fixed = mandatoryFlowSchemas[metadata.name];
  if (fixed && !deepEqual(spec, fixed))
    errors.push(invalidValue("spec", spec, `spec of '${metadata.name}' must equal the fixed value`));
  return [...errors, ...validateConditions(status?.conditions)];
}

/** Each type once; of flow schemas and priority levels alike. */
export function validateConditions(conditions: readonly { type?: string }[] = []): FieldError[] {
  return conditions.flatMap(({ type = "" }, i) => {
    const path = `status.conditions[${i}].type`;
    const errors = conditions.findIndex((c) => (c.type ?? "") === type) < i ? [duplicate(path, type)] : [];
    return type ? errors : [...errors, required(path)];
  });
}

function validatePrecedence(value: number, name: string): FieldError[] {
  const refuse = (text: string) => [invalidValue("spec.matchingPrecedence", value, text)];
  if (value <= 0) return refuse("must be a positive value");
  if (value > MAX_PRECEDENCE) return refuse(`must not be greater than ${MAX_PRECEDENCE}`);
  return value === 1 && name !== "exempt" ? refuse("only the schema named 'exempt' may have matchingPrecedence 1") : [];
}

function validateRule(path: string, rule: PolicyRulesWithSubjects): FieldError[] {
  const { subjects = [], resourceRules = [], nonResourceRules = [] } = rule;
  const errors = subjects.length ? [] : [required(`${path}.subjects`, "subjects must contain at least one value")];
  subjects.forEach((subject, i) => errors.push(...validateSubject(`${path}.subjects[${i}]`, subject)));
  if (!resourceRules.length && !nonResourceRules.length)
    errors.push(required(path, "at least one of resourceRules and nonResourceRules has to be non-empty"));
  resourceRules.forEach((one, i) => errors.push(...validateResourceRule(`${path}.resourceRules[${i}]`, one)));
  nonResourceRules.forEach((one, i) => errors.push(...validateNonResourceRule(`${path}.nonResourceRules[${i}]`, one)));
  return errors;
}

const SUBJECTS = [
  ["serviceAccount", "ServiceAccount"],
  ["user", "User"],
  ["group", "Group"],
] as const;

function validateSubject(path: string, subject: Subject): FieldError[] {
  const own = SUBJECTS.find(([, kind]) => kind === subject.kind);
  const kinds = SUBJECTS.map(([, kind]) => kind as string);
  if (!own) return [notSupported(`${path}.kind`, subject.kind ?? "", kinds)];
  const others = SUBJECTS.filter(([member, kind]) => kind !== own[1] && subject[member]);
  return [
    ...validateNamed(`${path}.${own[0]}`, own, subject),
    ...others.map(([member, kind]) =>
      forbidden(`${path}.${member}`, `${member} is forbidden when subject kind is not '${kind}'`),
    ),
  ];
}

function validateNamed(path: string, [member, kind]: (typeof SUBJECTS)[number], subject: Subject): FieldError[] {
  const who = subject[member];
  if (!who) return [required(path, `${member} is required when subject kind is '${kind}'`)];
  const errors: FieldError[] = [];
  const { name = "" } = who;
  if (!name) errors.push(required(`${path}.name`));
  if (member !== "serviceAccount") return errors;
  if (name && name !== "*") for (const text of isDNS1123Subdomain(name)) errors.push(invalidValue(`${path}.name`, name, text));
  const { namespace = "" } = subject.serviceAccount!;
  if (!namespace) errors.push(required(`${path}.namespace`, "must specify namespace for service account"));
  else for (const text of isDNS1123Label(namespace)) errors.push(invalidValue(`${path}.namespace`, namespace, text));
  return errors;
}

interface Listed {
  empty: string;
  /** In `if '*' is present, must not specify other …`. */
  others: string;
}

/** At least one value, and `*` alone. */
function validateList(path: string, values: readonly string[] = [], { empty, others }: Listed): FieldError[] {
  if (!values.length) return [required(path, empty)];
  if (!values.includes("*") || values.length === 1) return [];
  return [invalidValue(path, values, `if '*' is present, must not specify other ${others}`)];
}

function validateVerbs(path: string, verbs: readonly string[] = []): FieldError[] {
  const errors = validateList(path, verbs, { empty: "verbs must contain at least one value", others: "verbs" });
  const known = verbs.includes("*") || verbs.every((verb) => VERBS.includes(verb));
  return known ? errors : [notSupported(path, verbs, VERBS)];
}

function validateResourceRule(path: string, rule: ResourcePolicyRule): FieldError[] {
  const { verbs, apiGroups, resources, namespaces = [], clusterScope } = rule;
  const groups = { empty: "resource rules must supply at least one api group", others: "api groups" };
  const names = { empty: "resource rules must supply at least one resource", others: "resources" };
  const spaces = {
    empty: "resource rules that are not cluster scoped must supply at least one namespace",
    others: "namespaces",
  };
  return [
    ...validateVerbs(`${path}.verbs`, verbs),
    ...validateList(`${path}.apiGroups`, apiGroups, groups),
    ...validateList(`${path}.resources`, resources, names),
    ...(clusterScope && !namespaces.length ? [] : validateList(`${path}.namespaces`, namespaces, spaces)),
    ...(namespaces.includes("*") ? [] : namespaces.flatMap((one, i) => validateNamespace(`${path}.namespaces[${i}]`, one))),
  ];
}

const validateNamespace = (path: string, name: string): FieldError[] =>
  isDNS1123Label(name).map((text) =>
    invalidValue(path, name, `each member of this list must be '*' or a DNS-1123 label; ${text}`),
  );

function validateNonResourceRule(path: string, { verbs, nonResourceURLs = [] }: NonResourcePolicyRule): FieldError[] {
  const at = `${path}.nonResourceURLs`;
  const urls = { empty: "nonResourceURLs must contain at least one value", others: "non-resource URLs" };
  return [
    ...validateVerbs(`${path}.verbs`, verbs),
    ...validateList(at, nonResourceURLs, urls),
    ...(nonResourceURLs.includes("*") ? [] : nonResourceURLs.flatMap((url, i) => validateUrl(`${at}[${i}]`, url))),
  ];
}

function validateUrl(path: string, url: string): FieldError[] {
  const refuse = (text: string) => [invalidValue(path, url, text)];
  if (!url) return refuse("must not be empty");
  if (url === "/") return [];
  if (!url.startsWith("/")) return refuse("must start with slash");
  if (url.includes(" ")) return refuse("must not contain white-space");
  if (url.includes("//")) return refuse("must not contain double slash");
  const stars = url.split("*").length - 1;
  return stars > 1 || (stars === 1 && !url.endsWith("/*")) ? refuse("wildcard can only do suffix matching") : [];
}
