/** Discovery documents: one list a group version, and the aggregated form with everything in it. */
import { createHash } from "node:crypto";
import type { SubresourceFacts } from "../../../shared/api/kind.ts";
import type { Served } from "../registry/resources.ts";
import { aggregatedRemote } from "./remote.ts";
import type { GroupEntry, VersionEntry } from "./groups.ts";

export function apiVersions(groups: readonly GroupEntry[], address: string): object {
  const core = groups.find((g) => g.name === "");
  return {
    kind: "APIVersions",
    versions: core?.versions.map((v) => v.version) ?? [],
    serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress: address }],
  };
}

export function groupList(groups: readonly GroupEntry[]): object {
  return { kind: "APIGroupList", apiVersion: "v1", groups: groups.filter((g) => g.name).map(groupMembers) };
}

export function groupDocument(group: GroupEntry): object {
  return { kind: "APIGroup", apiVersion: "v1", ...groupMembers(group) };
}

function groupMembers({ name, versions }: GroupEntry): object {
  const list = versions.map(({ groupVersion, version }) => ({ groupVersion, version }));
  return { name, versions: list, preferredVersion: list[0] };
}

/** The core group's list has no apiVersion: so it was before there were groups. */
export function resourceList({ groupVersion, served }: VersionEntry): object {
  const resources = served.flatMap((one) => [resourceEntry(one), ...sorted(one).map((s) => subresourceEntry(one, s))]);
  return { kind: "APIResourceList", ...(groupVersion.includes("/") && { apiVersion: "v1" }), groupVersion, resources };
}

function resourceEntry({ kind, resource }: Served): object {
  const stored = kind.verbs.includes("get") && kind.verbs.includes("create");
  const { storage } = resource;
  return {
    name: kind.plural,
    singularName: kind.singular,
    namespaced: kind.scope === "Namespaced",
    kind: kind.kind,
    verbs: kind.verbs,
    ...(kind.shortNames.length && { shortNames: kind.shortNames }),
    ...(kind.categories.length && { categories: kind.categories }),
    ...(stored && { storageVersionHash: storageVersionHash(storage.kind) }),
  };
}

function subresourceEntry({ kind }: Served, subresource: SubresourceFacts): object {
  const other = subresource.group !== kind.group || subresource.version !== kind.version;
  return {
    name: `${kind.plural}/${subresource.name}`,
    singularName: "",
    namespaced: kind.scope === "Namespaced",
    ...(other && { group: subresource.group, version: subresource.version }),
    kind: subresource.kind,
    verbs: subresource.verbs,
  };
}

/** @source staging/src/k8s.io/apiserver/pkg/endpoints/discovery/storageversionhash.go v1.36 */
function storageVersionHash({ group, version, kind }: { group: string; version: string; kind: string }): string {
  const written = kind === "CustomResourceDefinition" ? "v1beta1" : version; // upstream stores definitions so
  return createHash("sha256").update(`${group}/${written}/${kind}`).digest().subarray(0, 8).toString("base64");
}

const sorted = ({ kind }: Served) =>
  kind.schema.dynamic ? kind.subresources : [...kind.subresources].sort((a, b) => (a.name < b.name ? -1 : 1));

/** apidiscovery.k8s.io/v2. What is of the group's own version leaves group and version empty. */
export function aggregated(groups: readonly GroupEntry[]): object {
  const items = groups.map((group) => ({
    metadata: group.name ? { name: group.name } : {},
    versions: group.versions.map((v) => ({
      version: v.version,
      ...(v.remote === "stale" ? {} : { resources: v.remote ? aggregatedRemote(v.remote) : v.served.map(aggregatedResource) }),
      freshness: v.remote === "stale" ? "Stale" : "Current",
    })),
  }));
  return { kind: "APIGroupDiscoveryList", apiVersion: "apidiscovery.k8s.io/v2", metadata: {}, items };
}

function aggregatedResource(one: Served): object {
  const { kind } = one;
  const subresources = sorted(one).map((s) => ({ subresource: s.name, responseKind: responseKind(one, s), verbs: s.verbs }));
  return {
    resource: kind.plural,
    responseKind: { group: "", version: "", kind: kind.kind },
    scope: kind.scope,
    singularResource: kind.singular,
    verbs: kind.verbs,
    ...(kind.shortNames.length && { shortNames: kind.shortNames }),
    ...(kind.categories.length && { categories: kind.categories }),
    ...(subresources.length && { subresources }),
  };
}

function responseKind({ kind }: Served, s: SubresourceFacts): object {
  const same = s.group === kind.group && s.version === kind.version;
  return same ? { group: "", version: "", kind: s.kind } : { group: s.group, version: s.version, kind: s.kind };
}
