/**
 * The table of what is served now: resources (one store prefix, one cache each) and the versions they are served in.
 *
 * Built-in kinds are put in at the start, custom resources come and go; the request chain only looks things up here.
 */
import type { Kind } from "../../../shared/api/kind.ts";
import { invariant } from "../../../shared/lib/invariant.ts";
import type { KubeObject } from "../../../shared/apimachinery/meta.ts";
import type { CacheHub } from "../cache/hub.ts";
import { headOf, type Head } from "../cache/layout.ts";
import type { ResourceCache } from "../cache/resource-cache.ts";

/** Turns an object of one version of a resource into another version of it; gets a value it may change and keep. */
export type Convert = (object: KubeObject, to: Kind) => KubeObject | Promise<KubeObject>;

/** One kind in one version, as the chain meets it in a path. */
export interface Served {
  readonly kind: Kind<any>;
  readonly resource: Resource;
  readonly head: Head;
  /** For errors: `{ group: "apps", resource: "deployments" }`. */
  readonly ref: { group: string; resource: string };
  /** For validation errors: `{ group: "apps", resource: "Deployment" }`. */
  readonly kindRef: { group: string; resource: string };
}

export interface Resource {
  readonly id: string;
  /** The version that is written to the store. */
  readonly storage: Served;
  /** All served versions, the storage version among them, by `group/version` of the kind. */
  readonly served: ReadonlyMap<string, Served>;
  /** Absent for resources that are only computed (reviews). */
  readonly cache: ResourceCache;
  readonly convert: Convert | undefined;
  /** Whether `convert` has to be awaited. */
  readonly convertsByWebhook: boolean;
}

export interface ResourceDefinition {
  /** The served versions of one resource; of several groups where they share a store (events). */
  kinds: readonly Kind<any>[];
  /** Of these the one that is stored; it may be one that is not served. */
  storage: Kind<any>;
  convert?: Convert;
  convertsByWebhook?: boolean;
  /** What the definition makes of a stored object: pruned, defaulted. Absent: it is as it was written. */
  read?(object: KubeObject): KubeObject;
}

/** What every group version knows beside its own kinds, and what the first version of all knows alone. */
const EVERYWHERE = new Set([
  "ListOptions",
  "GetOptions",
  "CreateOptions",
  "UpdateOptions",
  "PatchOptions",
  "DeleteOptions",
  "WatchEvent",
]);
const UNVERSIONED = new Set(["Status", "APIVersions", "APIGroup", "APIGroupList", "APIResourceList"]);

export class ResourceTable {
  readonly #hub: CacheHub;
  readonly #served = new Map<string, Served>();
  readonly #listeners = new Set<() => void>();
  #groups: ReadonlySet<string> | undefined;
  #generation = 0;

  constructor(hub: CacheHub) {
    this.#hub = hub;
  }

  /** Adds a resource, or replaces it: versions of it that the new definition does not have are gone. */
  define(definition: ResourceDefinition): Resource {
    const { storage } = definition;
    const cache = this.#hub.cache(storage.schema.dynamic ? `${storage.group}/${storage.plural}` : storage.plural, {
      get schema() {
        return storage.schema;
      },
      head: headOf(storage.kind, storage.groupVersion),
      fields: (object) => selectableFields(storage, object),
      ...(definition.read && { read: definition.read }),
    });
    const served = new Map<string, Served>();
    const resource = {
      id: `${storage.group}/${storage.plural}`,
      served,
      cache,
      convert: definition.convert,
      convertsByWebhook: !!definition.convertsByWebhook,
    } as unknown as {
      -readonly [K in keyof Resource]: Resource[K];
    };
    resource.storage = serve(storage, resource);
    for (const kind of definition.kinds) {
      const one = kind === storage ? resource.storage : serve(kind, resource);
      served.set(kind.groupVersion, one);
    }
    this.#dropVersions(resource.id);
    for (const one of served.values()) this.#served.set(idOf(one.kind.group, one.kind.version, one.kind.plural), one);
    this.#changed();
    return resource;
  }

  remove(group: string, plural: string): void {
    this.#dropVersions(`${group}/${plural}`);
    this.#changed();
  }

  find(group: string, version: string, plural: string): Served | undefined {
    return this.#served.get(idOf(group, version, plural));
  }

  of(kind: Kind<any>): Served {
    const served = this.find(kind.group, kind.version, kind.plural);
    invariant(served, `${kind.groupVersion} ${kind.plural} is not served`);
    return served;
  }

  all(): Iterable<Served> {
    return this.#served.values();
  }

  hasGroup(group: string): boolean {
    this.#groups ??= new Set(Array.from(this.#served.values(), (one) => one.kind.group));
    return this.#groups.has(group);
  }

  /** Whether all that is served in this group is custom. */
  isCustomGroup(group: string): boolean {
    for (const { kind } of this.#served.values()) if (kind.group === group) return Boolean(kind.schema.dynamic);
    return false;
  }

  /** Whether this is the kind of any resource, of its lists, or one that every group version has. */
  readonly isKind = (group: string, version: string, kind: string): boolean => {
    for (const { kind: one } of this.#served.values()) {
      if (one.group !== group || one.version !== version) continue;
      if (one.kind === kind || (one.listKind ?? `${one.kind}List`) === kind) return true;
      if (EVERYWHERE.has(kind) || (group === "" && UNVERSIONED.has(kind))) return true;
    }
    return false;
  };

  /** Grows with each change, for what is derived from the whole table (discovery, OpenAPI). */
  get generation(): number {
    return this.#generation;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #dropVersions(resourceId: string): void {
    for (const [id, one] of this.#served) if (one.resource.id === resourceId) this.#served.delete(id);
  }

  #changed(): void {
    this.#generation++;
    this.#groups = undefined;
    for (const listener of this.#listeners) listener();
  }
}

function serve(kind: Kind<any>, resource: Resource): Served {
  return {
    kind,
    resource,
    head: headOf(kind.kind, kind.groupVersion),
    ref: { group: kind.group, resource: kind.plural },
    kindRef: { group: kind.group, resource: kind.kind },
  };
}

function idOf(group: string, version: string, plural: string): string {
  return `${group}/${version}/${plural}`;
}

function selectableFields(kind: Kind<any>, object: KubeObject): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [path, get] of Object.entries(kind.selectableFields ?? {}))
    fields[path] = (get as (o: KubeObject) => string)(object) ?? "";
  return fields;
}

/** The key of an object in the store. */
export function storeKey(resource: Resource, namespace: string, name: string): string {
  // The path of a namespace names it twice.
  const namespaced = namespace && resource.storage.kind.scope === "Namespaced";
  return namespaced ? `${resource.cache.prefix}${namespace}/${name}` : resource.cache.prefix + name;
}
