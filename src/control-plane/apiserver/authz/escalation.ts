/**
 * Nobody can hand out rights that they do not hold: which rules of a role are not covered by one's own.
 *
 *   own   {apiGroups: [""], resources: ["pods"], verbs: ["get", "list"]}
 *   asked {apiGroups: [""], resources: ["pods", "secrets"], verbs: ["get", "delete"]}
 *   missing → {pods: delete}, {secrets: get delete}
 *
 * @source staging/src/k8s.io/component-helpers/auth/rbac/validation, pkg/registry/rbac/validation/rule.go v1.36
 */
import type { PolicyRule } from "../../../shared/api/generated/rbac-v1.ts";
import { pathMatches } from "./rules.ts";

/** One verb on one resource (by one name, where names are given), or on one path. */
interface Right {
  verb: string;
  path?: string;
  group?: string;
  resource?: string;
  name?: string;
}

/** The missing rights, merged by resource and written as upstream writes them, sorted. Empty: everything is held. */
export function missingRights(own: readonly PolicyRule[], asked: readonly PolicyRule[]): string[] {
  const missing = asked.flatMap(breakDown).filter((right) => !own.some((rule) => covers(rule, right)));
  const merged = new Map<string, string[]>();
  for (const { verb, ...where } of missing) {
    // Paths are not merged.
    const key = JSON.stringify(where.path === undefined ? where : { ...where, verb });
    const verbs = merged.get(key) ?? [];
    merged.set(key, verbs.includes(verb) ? verbs : [...verbs, verb]);
  }
  return [...new Set([...merged].map(([key, verbs]) => describe(JSON.parse(key), verbs)))].sort();
}

function breakDown({ verbs = [], apiGroups = [], resources = [], resourceNames, nonResourceURLs = [] }: PolicyRule): Right[] {
  const names = resourceNames?.length ? resourceNames : [undefined];
  const rights: Right[] = [];
  for (const group of apiGroups) {
    for (const resource of resources) {
      for (const verb of verbs)
        for (const name of names) rights.push({ verb, group, resource, ...(name !== undefined && { name }) });
    }
  }
  for (const path of nonResourceURLs) for (const verb of verbs) rights.push({ verb, path });
  return rights;
}

function covers(rule: PolicyRule, { verb, path, group = "", resource = "", name }: Right): boolean {
  const has = (values: readonly string[] | undefined, value: string) => values?.includes("*") || values?.includes(value);
  if (!has(rule.verbs, verb)) return false;
  if (path !== undefined) return (rule.nonResourceURLs ?? []).some((own) => pathMatches(own, path));
  if (!has(rule.apiGroups, group) || !coversResource(rule.resources ?? [], resource)) return false;
  return !rule.resourceNames?.length || (name !== undefined && rule.resourceNames.includes(name));
}

/** A subresource is covered by the same subresource of everything. */
function coversResource(own: readonly string[], resource: string): boolean {
  const slash = resource.indexOf("/");
  return own.includes("*") || own.includes(resource) || (slash >= 0 && own.includes(`*${resource.slice(slash)}`));
}

function describe({ path, group, resource, name }: Omit<Right, "verb">, verbs: readonly string[]): string {
  const list = (values: readonly string[]) => `[${values.map((v) => JSON.stringify(v)).join(" ")}]`;
  const parts = [
    group !== undefined && `APIGroups:${list([group])}`,
    resource !== undefined && `Resources:${list([resource])}`,
    path !== undefined && `NonResourceURLs:${list([path])}`,
    name !== undefined && `ResourceNames:${list([name])}`,
    `Verbs:${list(verbs)}`,
  ];
  return `{${parts.filter(Boolean).join(", ")}}`;
}
