/** The table of what is served, by group and version, in the order in which discovery tells it. */
import type { RemoteResource } from "../aggregation/index.ts";
import type { ResourceTable, Served } from "../registry/resources.ts";

export interface VersionEntry {
  groupVersion: string;
  version: string;
  /** By resource name. */
  served: Served[];
  /** Another server serves it: its resources, as far as they are known. */
  remote?: readonly RemoteResource[] | "stale";
}

export interface GroupEntry {
  name: string;
  /** The preferred one first. */
  versions: VersionEntry[];
}

/** @source pkg/controlplane/apiserver/aggregator.go DefaultGenericAPIServicePriorities v1.36 */
const ORDER = [
  "",
  "apiregistration.k8s.io",
  "apps",
  "events.k8s.io",
  "authentication.k8s.io",
  "authorization.k8s.io",
  "autoscaling",
  "batch",
  "certificates.k8s.io",
  "networking.k8s.io",
  "policy",
  "rbac.authorization.k8s.io",
  "storage.k8s.io",
  "admissionregistration.k8s.io",
  "apiextensions.k8s.io",
  "scheduling.k8s.io",
  "coordination.k8s.io",
  "node.k8s.io",
  "discovery.k8s.io",
  "resource.k8s.io",
  "flowcontrol.apiserver.k8s.io",
];

const known = new WeakMap<ResourceTable, { generation: number; groups: GroupEntry[] }>();

/** All groups, the core group first; custom ones by name after the built-in. Made anew when the table has changed. */
export function groupsOf(resources: ResourceTable): GroupEntry[] {
  const cached = known.get(resources);
  if (cached?.generation === resources.generation) return cached.groups;
  const byGroup = new Map<string, Map<string, Served[]>>();
  for (const served of resources.all()) {
    const { group, version } = served.kind;
    const versions = byGroup.get(group) ?? byGroup.set(group, new Map()).get(group)!;
    (versions.get(version) ?? versions.set(version, []).get(version)!).push(served);
  }
  const groups = [...byGroup].map(([name, versions]) => ({ name, versions: entriesOf(name, versions) }));
  groups.sort((a, b) => rank(a.name) - rank(b.name) || (a.name < b.name ? -1 : 1));
  known.set(resources, { generation: resources.generation, groups });
  return groups;
}

function entriesOf(group: string, versions: ReadonlyMap<string, Served[]>): VersionEntry[] {
  return [...versions]
    .sort(([a], [b]) => compareVersions(a, b))
    .map(([version, served]) => ({
      version,
      groupVersion: group ? `${group}/${version}` : version,
      served: served.sort((a, b) => (a.kind.plural < b.kind.plural ? -1 : 1)),
    }));
}

function rank(group: string): number {
  const index = ORDER.indexOf(group);
  return index < 0 ? ORDER.length : index;
}

/** v2 before v1 before v1beta2 before v1beta1 before v1alpha1 before anything else, which is in alphabetical order. */
export function compareVersions(a: string, b: string): number {
  const [x, y] = [parse(a), parse(b)];
  if (!x || !y) return x ? -1 : y ? 1 : a < b ? -1 : 1;
  return y.stability - x.stability || y.major - x.major || y.minor - x.minor;
}

const STABILITY = ["alpha", "beta"];

function parse(version: string): { major: number; stability: number; minor: number } | undefined {
  const match = /^v([1-9]\d*)(?:(alpha|beta)([1-9]\d*))?$/.exec(version);
  if (!match) return undefined;
  const stability = match[2] ? STABILITY.indexOf(match[2]) : STABILITY.length;
  return { major: Number(match[1]), stability, minor: Number(match[3] ?? 0) };
}
