/**
 * Which requests a webhook or a policy is for: rules, and selectors of namespace and object.
 *
 * @source staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook/predicates v1.36
 */
import type { RuleWithOperations } from "../../../../shared/api/generated/admissionregistration-v1.ts";
import { Namespace, type Kind } from "../../../../shared/api/index.ts";
import { internalError, notFound } from "../../../../shared/apimachinery/errors.ts";
import type { LabelSelector } from "../../../../shared/apimachinery/meta.ts";
import { selectorFromObject } from "../../../../shared/apimachinery/selectors.ts";
import type { AdmissionAttributes, ServerContext } from "../../types.ts";

export interface Rules {
  rules: readonly (RuleWithOperations & { resourceNames?: string[] })[];
  exclude?: readonly (RuleWithOperations & { resourceNames?: string[] })[];
  namespaceSelector?: LabelSelector;
  objectSelector?: LabelSelector;
  matchPolicy?: "Equivalent" | "Exact";
}

/** Configurations of dynamic admission: never subject to it, so that a bad one can be taken away. */
const EXEMPT = new Set([
  "validatingwebhookconfigurations",
  "mutatingwebhookconfigurations",
  "validatingadmissionpolicies",
  "validatingadmissionpolicybindings",
  "mutatingadmissionpolicies",
  "mutatingadmissionpolicybindings",
]);

export const isExempt = ({ kind }: AdmissionAttributes) =>
  kind.group === "admissionregistration.k8s.io" && EXEMPT.has(kind.plural);

/** The cheap part first: most requests match no rule, and no selector is looked at. */
export function matches(wanted: Rules, attributes: AdmissionAttributes, server: ServerContext): boolean {
  if (!wanted.rules.some((rule) => ruleMatches(rule, attributes, server, wanted.matchPolicy))) return false;
  if (wanted.exclude?.some((rule) => ruleMatches(rule, attributes, server, wanted.matchPolicy))) return false;
  return namespaceMatches(wanted.namespaceSelector, attributes, server) && objectMatches(wanted.objectSelector, attributes);
}

function ruleMatches(
  rule: Rules["rules"][number],
  attributes: AdmissionAttributes,
  server: ServerContext,
  policy: Rules["matchPolicy"],
): boolean {
  const { kind, operation, subresource, name } = attributes;
  const has = (values: readonly string[] | undefined, value: string) => (values ?? []).some((v) => v === "*" || v === value);
  if (!has(rule.operations, operation) || !has(rule.apiGroups, kind.group)) return false;
  // Differs: versions of a resource count as equivalent without converting the object, which comes as it is.
  if (!has(rule.apiVersions, kind.version) && (policy === "Exact" || !namesOther(rule.apiVersions, kind, server))) return false;
  if (!(rule.resources ?? []).some((pattern) => resourceMatches(pattern, kind.plural, subresource))) return false;
  if (rule.resourceNames?.length && !rule.resourceNames.includes(name)) return false;
  if (rule.scope === "Namespaced") return kind.scope === "Namespaced";
  // A namespace is cluster-scoped, whatever its requests look like.
  return rule.scope !== "Cluster" || kind.scope === "Cluster";
}

/** One of the versions is another one in which the resource is served. */
function namesOther(versions: readonly string[] | undefined, { group, plural }: Kind<any>, server: ServerContext): boolean {
  for (const kind of server.kinds())
    if (kind.group === group && kind.plural === plural && versions?.includes(kind.version)) return true;
  return false;
}

/** `pods`, `pods/log`, `*`, `pods/*`, `* /log`, `* / *`: a star without a slash stands for resources alone. */
function resourceMatches(pattern: string, resource: string, subresource: string): boolean {
  const slash = pattern.indexOf("/");
  const [wanted, part] = slash < 0 ? [pattern, ""] : [pattern.slice(0, slash), pattern.slice(slash + 1)];
  return (wanted === "*" || wanted === resource) && (part === "*" || part === subresource);
}

function namespaceMatches(selector: LabelSelector | undefined, attributes: AdmissionAttributes, server: ServerContext): boolean {
  const isNamespace = attributes.kind.group === "" && attributes.kind.plural === "namespaces";
  if (!selector || isEmpty(selector) || (!attributes.namespace && !isNamespace)) return true;
  return selectorFromObject(selector).matches(namespaceLabels(attributes, server, isNamespace));
}

function namespaceLabels(attributes: AdmissionAttributes, server: ServerContext, isNamespace: boolean): Record<string, string> {
  // Of a namespace that is being written the labels are its new ones.
  if (isNamespace && attributes.subresource === "" && attributes.object) return attributes.object.metadata.labels ?? {};
  const name = attributes.namespace || attributes.name;
  const found = server.cache(Namespace).get(name);
  if (!found)
    throw isNamespace
      ? notFound({ group: "", resource: "namespaces" }, name)
      : internalError(`namespaces ${JSON.stringify(name)} not found`);
  return found.metadata.labels ?? {};
}

function objectMatches(selector: LabelSelector | undefined, { object, oldObject }: AdmissionAttributes): boolean {
  if (!selector || isEmpty(selector)) return true;
  const compiled = selectorFromObject(selector);
  return [object, oldObject].some((o) => o?.metadata !== undefined && compiled.matches(o.metadata.labels ?? {}));
}

const isEmpty = ({ matchLabels, matchExpressions }: LabelSelector) =>
  !Object.keys(matchLabels ?? {}).length && !matchExpressions?.length;
