/**
 * The operations of a group version as data, in the dialect of neither version: paths, methods, parameters, bodies, answers. What a kind
 * serves follows from its verbs and subresources; query parameters follow from the option types (`ListOptions`, `PodLogOptions`, …).
 */
import { hasDefinition, structSchema, type Kind, type SubresourceFacts } from "../../../shared/api/index.ts";
import type { Schema } from "../../../shared/apimachinery/schema.ts";
import {
  DELETE_OPTIONS,
  documentPath,
  groupId,
  groupTag,
  groupVersionId,
  PATCH,
  STATUS,
  subresourceId,
  tagOf,
  WATCH_EVENT,
} from "./names.ts";

export interface Parameter {
  name: string;
  in: "query" | "path";
  type: string;
}

export interface Gvk {
  group: string;
  version: string;
  kind: string;
}

/** A definition, the list of a kind, or plain text. */
export type Content = { definition: string } | { listOf: Kind<any> } | { object: Kind<any> } | "text";

export interface OperationModel {
  method: string;
  id: string;
  tag: string;
  description: string;
  action?: string;
  gvk?: Gvk;
  parameters: Parameter[];
  body?: { content: Content; required: boolean; types?: readonly string[] };
  /** Codes with this content; 401 is always there. */
  answers: { codes: readonly number[]; content: Content };
  produces: "objects" | "stream" | "any" | "discovery" | "json";
  consumes: "any" | "patch" | "discovery" | "none";
}

export interface PathModel {
  path: string;
  operations: OperationModel[];
  /** In the path, and so of every operation. */
  parameters: Parameter[];
}

const META = "io.k8s.apimachinery.pkg.apis.meta.v1";

/** The scalar fields of an option type, as query parameters. */
function optionParameters(definition: string): Parameter[] {
  if (!hasDefinition(definition)) return [];
  const out: Parameter[] = [];
  for (const field of structSchema(definition).fields.values()) {
    const type = queryType(field.schema);
    if (type && field.name !== "kind" && field.name !== "apiVersion") out.push({ name: field.name, in: "query", type });
  }
  return out;
}

function queryType(schema: Schema): string | undefined {
  if (schema.type === "list") return queryType(schema.items);
  if (schema.type !== "scalar") return undefined;
  if (schema.scalar === "int32" || schema.scalar === "int64") return "integer";
  return schema.scalar === "boolean" || schema.scalar === "string" ? schema.scalar : undefined;
}

const without = (parameters: Parameter[], ...names: string[]) => parameters.filter((p) => !names.includes(p.name));

const pathParameter = (name: string): Parameter => ({ name, in: "path", type: "string" });
const pretty: Parameter = { name: "pretty", in: "query", type: "string" };
const force: Parameter = { name: "force", in: "query", type: "boolean" };

interface Options {
  list: Parameter[];
  write: Parameter[];
  remove: Parameter[];
}

let options: Options | undefined;

function optionTypes(): Options {
  return (options ??= {
    list: optionParameters(`${META}.ListOptions`),
    write: optionParameters(`${META}.CreateOptions`),
    remove: optionParameters(DELETE_OPTIONS),
  });
}

/** All paths of a group version, discovery first. */
export function groupVersionPaths(group: string, version: string, kinds: readonly Kind<any>[]): PathModel[] {
  const dynamic = kinds.length > 0 && kinds.every((k) => k.schema.dynamic);
  const out = dynamic
    ? []
    : [
        discoveryPath(
          `/${documentPath(group, version)}/`,
          tagOf(group, version),
          `get${groupVersionId(group, version)}APIResources`,
          "APIResourceList",
        ),
      ];
  for (const kind of kinds) out.push(...kindPaths(kind));
  return out.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** `/apis/apps/`: the versions of a group. */
export const groupPath = (group: string): PathModel =>
  group === ""
    ? discoveryPath("/api/", "core", "getCoreAPIVersions", "APIVersions")
    : discoveryPath(`/apis/${group}/`, groupTag(group), `get${groupId(group)}APIGroup`, "APIGroup");

export const groupsPath = (): PathModel => discoveryPath("/apis/", "apis", "getAPIVersions", "APIGroupList");

export function versionPath(): PathModel {
  const path = discoveryPath("/version/", "version", "getCodeVersion", "");
  const op = path.operations[0]!;
  op.answers.content = { definition: "io.k8s.apimachinery.pkg.version.Info" };
  op.produces = "json";
  return path;
}

function discoveryPath(path: string, tag: string, id: string, kind: string): PathModel {
  const operation: OperationModel = {
    method: "get",
    id,
    tag,
    description: "get what is available here",
    parameters: [],
    answers: { codes: [200], content: { definition: `${META}.${kind}` } },
    produces: "discovery",
    consumes: "discovery",
  };
  return { path, operations: [operation], parameters: [] };
}

class KindPaths {
  readonly kind: Kind<any>;
  readonly root: string;
  readonly gv: string;
  readonly tag: string;
  readonly namespaced: boolean;
  readonly out: PathModel[] = [];

  constructor(kind: Kind<any>) {
    this.kind = kind;
    this.root = `/${documentPath(kind.group, kind.version)}/`;
    this.gv = groupVersionId(kind.group, kind.version);
    this.tag = tagOf(kind.group, kind.version);
    this.namespaced = kind.scope === "Namespaced";
  }

  /** `Namespaced` in the id of what lies in a namespace. */
  id(verb: string, suffix = ""): string {
    return `${verb}${this.namespaced ? "Namespaced" : ""}${this.kind.kind}${suffix}`;
  }

  operation(
    method: string,
    verb: string,
    action: string,
    rest: Partial<OperationModel> & Pick<OperationModel, "answers">,
  ): OperationModel {
    const { kind } = this;
    const [first, more = ""] = verb.split(":");
    return {
      method,
      id: this.id(first + this.gv + more),
      tag: this.tag,
      description: `${action} of ${kind.kind}`,
      action,
      gvk: { group: kind.group, version: kind.version, kind: kind.kind },
      parameters: [],
      produces: "objects",
      consumes: "any",
      ...rest,
    };
  }

  add(path: string, operations: OperationModel[], parameters: Parameter[]): void {
    if (operations.length) this.out.push({ path: this.root + path, operations, parameters });
  }
}

function kindPaths(kind: Kind<any>): PathModel[] {
  const paths = new KindPaths(kind);
  const has = (verb: string) => kind.verbs.includes(verb);
  const base = paths.namespaced ? `namespaces/{namespace}/${kind.plural}` : kind.plural;
  const inNamespace = paths.namespaced ? [pathParameter("namespace")] : [];
  const object: Content = { object: kind };
  collection(paths, base, [...inNamespace, pretty], object);
  item(paths, `${base}/{name}`, [pathParameter("name"), ...inNamespace, pretty], object, "");
  for (const sub of kind.subresources) subresource(paths, base, sub, inNamespace);
  const { list } = optionTypes();
  if (paths.namespaced && has("list")) {
    const all = listOperation(paths, { parameters: list });
    all.id = `list${paths.gv}${kind.kind}ForAllNamespaces`;
    paths.add(kind.plural, [all], [pretty]);
  }
  if (has("watch") && !kind.schema.dynamic) watchPaths(paths, base, inNamespace, list);
  return paths.out;
}

function listOperation(paths: KindPaths, rest: Partial<OperationModel>): OperationModel {
  return paths.operation("get", "list", "list", {
    answers: { codes: [200], content: { listOf: paths.kind } },
    produces: "stream",
    ...rest,
  });
}

function collection(paths: KindPaths, path: string, parameters: Parameter[], object: Content): void {
  const { kind } = paths;
  const { list, write, remove } = optionTypes();
  const operations: OperationModel[] = [];
  if (kind.verbs.includes("list")) operations.push(listOperation(paths, { parameters: list }));
  if (kind.verbs.includes("create")) operations.push(createOperation(paths, object, "", write));
  if (kind.verbs.includes("deletecollection")) {
    const filter = without(list, "watch", "allowWatchBookmarks");
    operations.push(
      paths.operation("delete", "delete:Collection", "deletecollection", {
        parameters: [...filter, ...remove],
        body: { content: { definition: DELETE_OPTIONS }, required: false },
        answers: { codes: [200], content: { definition: STATUS } },
      }),
    );
  }
  paths.add(path, operations, parameters);
}

function createOperation(paths: KindPaths, content: Content, suffix: string, parameters: Parameter[]): OperationModel {
  const op = paths.operation("post", "create", "post", {
    parameters,
    body: { content, required: true },
    answers: { codes: [200, 201, 202], content },
  });
  op.id += suffix;
  return op;
}

function item(
  paths: KindPaths,
  path: string,
  parameters: Parameter[],
  content: Content,
  suffix: string,
  verbs = paths.kind.verbs,
  gvk?: Gvk,
): void {
  const { write, remove } = optionTypes();
  const operations: OperationModel[] = [];
  const body = { content, required: true };
  if (verbs.includes("get")) operations.push(paths.operation("get", "read", "get", { answers: { codes: [200], content } }));
  if (verbs.includes("update")) {
    operations.push(
      paths.operation("put", "replace", "put", { parameters: write, body, answers: { codes: [200, 201], content } }),
    );
  }
  if (verbs.includes("delete")) {
    operations.push(
      paths.operation("delete", "delete", "delete", {
        parameters: remove,
        body: { content: { definition: DELETE_OPTIONS }, required: false },
        answers: { codes: [200, 202], content: deletedContent(paths.kind) },
      }),
    );
  }
  if (verbs.includes("patch")) {
    operations.push(
      paths.operation("patch", "patch", "patch", {
        parameters: [...write, force],
        body: { content: { definition: PATCH }, required: true },
        answers: { codes: [200, 201], content },
        consumes: "patch",
      }),
    );
  }
  for (const op of operations) {
    op.id += suffix;
    if (gvk) op.gvk = gvk;
  }
  paths.add(path, operations, parameters);
}

/** Most deletions answer with a Status, some kinds' with the object. */
const DELETED_OBJECTS = new Set([
  "PersistentVolume",
  "PersistentVolumeClaim",
  "Pod",
  "PodTemplate",
  "ResourceQuota",
  "Service",
  "ServiceAccount",
  "CSIDriver",
  "CSINode",
  "StorageClass",
  "VolumeAttachment",
  "VolumeAttributesClass",
  "DeviceClass",
  "ResourceClaim",
  "ResourceClaimTemplate",
  "ResourceSlice",
]);

function deletedContent(kind: Kind<any>): Content {
  return !kind.schema.dynamic && DELETED_OBJECTS.has(kind.kind) ? { object: kind } : { definition: STATUS };
}

function subresource(paths: KindPaths, base: string, sub: SubresourceFacts, inNamespace: Parameter[]): void {
  const { kind } = paths;
  const path = `${base}/{name}/${sub.name}`;
  const parameters = [pathParameter("name"), ...inNamespace];
  const gvk = { group: sub.group, version: sub.version, kind: sub.kind };
  if (sub.connect) return connect(paths, path, sub, parameters, gvk);
  const suffix = subresourceId(sub.name);
  if (sub.name === "log") return log(paths, path, parameters);
  const own = sub.kind === kind.kind && sub.group === kind.group;
  const content: Content = own ? { object: kind } : { definition: definitionOf(gvk) };
  if (!own && sub.verbs.includes("create")) {
    const op = createOperation(paths, content, suffix, optionTypes().write);
    op.gvk = gvk;
    paths.add(path, [op], [...parameters, pretty]);
    return;
  }
  item(paths, path, [...parameters, pretty], content, suffix, sub.verbs, gvk);
}

function definitionOf(gvk: Gvk): string {
  return `io.k8s.api.${gvk.group === "" ? "core" : gvk.group.split(".")[0]}.${gvk.version}.${gvk.kind}`;
}

function log(paths: KindPaths, path: string, parameters: Parameter[]): void {
  const op = paths.operation("get", "read", "get", {
    parameters: optionParameters("io.k8s.api.core.v1.PodLogOptions"),
    answers: { codes: [200], content: "text" },
  });
  op.id += "Log";
  paths.add(path, [op], [...parameters, pretty]);
}

const CONNECT_METHODS: Readonly<Record<string, readonly string[]>> = {
  get: ["get"],
  create: ["post"],
  update: ["put"],
  patch: ["patch"],
  delete: ["delete", "options", "head"],
};

function connect(paths: KindPaths, path: string, sub: SubresourceFacts, parameters: Parameter[], gvk: Gvk): void {
  const methods = sub.verbs.flatMap((verb) => CONNECT_METHODS[verb] ?? []);
  const query = optionParameters(definitionOf(gvk));
  const operations = (suffix: string) =>
    methods.map((method) => {
      const op = paths.operation(method, `connect:${subresourceId(method)}`, "connect", {
        answers: { codes: [200], content: "text" },
        produces: "any",
        gvk,
        parameters: query,
      });
      op.id += subresourceId(sub.name) + suffix;
      return op;
    });
  paths.add(path, operations(""), parameters);
  if (sub.path) paths.add(`${path}/{path}`, operations("WithPath"), [...parameters, pathParameter("path")]);
}

/** The deprecated `/watch/` paths. */
function watchPaths(paths: KindPaths, base: string, inNamespace: Parameter[], list: Parameter[]): void {
  const { kind } = paths;
  const watch = (path: string, action: string, id: string, parameters: Parameter[]) => {
    const op = paths.operation("get", "watch", action, {
      parameters: list,
      answers: { codes: [200], content: { definition: WATCH_EVENT } },
      produces: "stream",
    });
    op.id = id;
    paths.add(`watch/${path}`, [op], [...parameters, pretty]);
  };
  const namespaced = paths.namespaced ? "Namespaced" : "";
  watch(base, "watchlist", `watch${paths.gv}${namespaced}${kind.kind}List`, inNamespace);
  watch(`${base}/{name}`, "watch", `watch${paths.gv}${namespaced}${kind.kind}`, [pathParameter("name"), ...inNamespace]);
  if (paths.namespaced) watch(kind.plural, "watchlist", `watch${paths.gv}${kind.kind}ListForAllNamespaces`, []);
}
