/** All kinds the server has right now, built in, custom and aggregated, as its discovery documents tell. */
import { builtInKinds, defineKind, type Kind } from "../../../shared/api/index.ts";
import type { APIGroupList, APIResource, APIResourceList } from "../../../shared/apimachinery/generated/meta-v1.ts";
import type { KubeObject } from "../../../shared/apimachinery/meta.ts";
import type { StructSchema } from "../../../shared/apimachinery/schema.ts";
import type { Client } from "../../../shared/client/index.ts";

export interface Discovered {
  /** One version (the preferred one that has it) of each resource. */
  kinds: Kind<KubeObject>[];
  /** Groups that did not answer, with the reason: what they hold is unknown, not absent. */
  failures: Map<string, unknown>;
}

const builtIn = new Map<string, Kind<any>>(builtInKinds.map((kind) => [`${kind.groupVersion}/${kind.plural}`, kind]));

export async function discoverKinds(client: Client): Promise<Discovered> {
  const found = new Map<string, Kind<KubeObject>>();
  const failures = new Map<string, unknown>();
  const read = async (groupVersion: string, path: string) => {
    try {
      const { resources = [] } = await get<APIResourceList>(client, path);
      for (const resource of resources) {
        if (resource.name.includes("/")) continue;
        const [version, group = ""] = groupVersion.split("/").reverse() as [string, string?];
        const id = `${group}/${resource.name}`;
        if (!found.has(id)) found.set(id, kindOf(group, version, resource));
      }
    } catch (error) {
      failures.set(groupVersion, error);
    }
  };
  const { groups = [] } = await get<APIGroupList>(client, "/apis");
  await read("v1", "/api/v1");
  for (const { preferredVersion, versions = [] } of groups) {
    const ordered = [preferredVersion, ...versions.filter((v) => v.groupVersion !== preferredVersion.groupVersion)];
    for (const { groupVersion } of ordered) await read(groupVersion, `/apis/${groupVersion}`);
  }
  return { kinds: [...found.values()], failures };
}

async function get<T>(client: Client, path: string): Promise<T> {
  return (await client.transport.request({ method: "GET", path })).body as T;
}

/** The built-in kind where there is one, so that its informer is shared with everybody else's. */
function kindOf(group: string, version: string, resource: APIResource): Kind<KubeObject> {
  const known = builtIn.get(`${group ? `${group}/${version}` : version}/${resource.name}`);
  if (known) return known;
  return defineKind<KubeObject>({
    group,
    version,
    kind: resource.kind,
    plural: resource.name,
    singular: resource.singularName,
    scope: resource.namespaced ? "Namespaced" : "Cluster",
    shortNames: [],
    categories: [],
    verbs: resource.verbs,
    definition: "",
    subresources: [],
    columns: [],
    schema: anything,
  });
}

const anything: StructSchema = { type: "struct", name: "", structType: "granular", fields: new Map(), preserveUnknown: true };
