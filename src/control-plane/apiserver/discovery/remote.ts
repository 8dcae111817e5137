/** The group versions of other servers in the table of what is served: after the own ones, by name. */
import type { RemoteResource, RemoteVersion } from "../aggregation/index.ts";
import { compareVersions, type GroupEntry } from "./groups.ts";

export function withRemote(groups: readonly GroupEntry[], remote: readonly RemoteVersion[]): readonly GroupEntry[] {
  if (!remote.length) return groups;
  const own = new Map(groups.map((g) => [g.name, g]));
  const added = new Map<string, GroupEntry>();
  for (const { group, version, resources } of remote) {
    const base = added.get(group) ?? own.get(group);
    if (base?.versions.some((v) => v.version === version)) continue;
    const entry = { version, groupVersion: `${group}/${version}`, served: [], remote: resources ?? "stale" } as const;
    const versions = [...(base?.versions ?? []), { ...entry, served: [] }].sort((a, b) => compareVersions(a.version, b.version));
    added.set(group, { name: group, versions });
  }
  const names = [...added.keys()].filter((name) => !own.has(name)).sort();
  return [...groups.map((g) => added.get(g.name) ?? g), ...names.map((name) => added.get(name)!)];
}

/** The resources of a list as the aggregated document tells them: subresources below what they belong to. */
export function aggregatedRemote(resources: readonly RemoteResource[]): object[] {
  return resources
    .filter(({ name }) => !name.includes("/"))
    .map((resource) => {
      const { name, kind, group = "", version = "", singularName = "", verbs = [], shortNames, categories } = resource;
      const parts = resources.filter((r) => r.name.startsWith(`${name}/`));
      return {
        resource: name,
        responseKind: { group, version, kind },
        scope: resource.namespaced ? "Namespaced" : "Cluster",
        singularResource: singularName,
        verbs,
        ...(shortNames?.length && { shortNames }),
        ...(categories?.length && { categories }),
        ...(parts.length && { subresources: parts.map((part) => subresource(part, name)) }),
      };
    });
}

function subresource({ name, kind, group = "", version = "", verbs = [] }: RemoteResource, parent: string): object {
  return { subresource: name.slice(parent.length + 1), responseKind: { group, version, kind }, verbs };
}
