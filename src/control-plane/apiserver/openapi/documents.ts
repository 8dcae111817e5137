/** OpenAPI documents: version 3 (one a group version) and version 2 (one of everything), out of kinds and their operations. */
import type { Kind } from "../../../shared/api/index.ts";
import type { Descriptions } from "./descriptions.ts";
import { DELETE_OPTIONS, documentPath, WATCH_EVENT } from "./names.ts";
import {
  groupPath,
  groupsPath,
  groupVersionPaths,
  versionPath,
  type Content,
  type Gvk,
  type OperationModel,
  type Parameter,
  type PathModel,
} from "./operations.ts";
import { SchemaWriter, type Dialect, type Json, type PublishedSchema } from "./schema-writer.ts";

export interface DocumentInputs {
  kinds: readonly Kind<any>[];
  /** The server's version, `1.36`. */
  version: string;
  descriptions: Descriptions;
  published: PublishedSchema;
}

const OBJECTS = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"];
const STREAMS = [...OBJECTS, "application/json;stream=watch", "application/vnd.kubernetes.protobuf;stream=watch"];
const CUSTOM = ["application/json", "application/yaml"];
const PRODUCES: Record<OperationModel["produces"], readonly string[]> = {
  objects: OBJECTS,
  stream: STREAMS,
  any: ["*/*"],
  discovery: OBJECTS,
  json: ["application/json"],
};
const PATCHES = [
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
  "application/apply-patch+yaml",
];
/** kubectl chooses by these: a custom resource takes no strategic merge. */
const CUSTOM_PATCHES = PATCHES.filter((type) => !type.includes("strategic"));

/** Paths of the documents there are, `apis/apps/v1` and the like, without leading slash. */
export function documentPaths(kinds: readonly Kind<any>[]): string[] {
  const out = new Set(["api", "apis", "version"]);
  for (const k of kinds) {
    out.add(documentPath(k.group, k.version));
    if (k.group && !k.schema.dynamic) out.add(`apis/${k.group}`);
  }
  return [...out].sort();
}

/** The version 3 document at one of these paths. */
export function documentV3(path: string, inputs: DocumentInputs): Json {
  const kinds = inputs.kinds.filter((k) => documentPath(k.group, k.version) === path);
  const writer = new SchemaWriter(3, inputs.descriptions, inputs.published);
  const paths: Json = {};
  for (const p of pathsAt(path, kinds)) paths[p.path] = pathItem(p, writer);
  const custom = kinds.length > 0 && kinds.every((k) => k.schema.dynamic);
  const schemas = writer.finish(annotator(inputs.kinds, kinds));
  const security = {
    securitySchemes: {
      BearerToken: { type: "apiKey", description: "Bearer Token authentication", name: "authorization", in: "header" },
    },
  };
  return {
    openapi: "3.0.0",
    info: custom ? { title: "Kubernetes CRD Swagger", version: "v0.1.0" } : { title: "Kubernetes", version: inputs.version },
    paths,
    components: { schemas, ...(!custom && security) },
  };
}

function pathsAt(path: string, kinds: readonly Kind<any>[]): PathModel[] {
  if (path === "version") return [versionPath()];
  if (path === "api") return [groupPath("")];
  if (path === "apis") return [groupsPath()];
  if (kinds.length === 0) return [groupPath(path.slice("apis/".length))];
  return groupVersionPaths(kinds[0]!.group, kinds[0]!.version, kinds);
}

/** The version 2 document of everything. */
export function documentV2(inputs: DocumentInputs): Json {
  const writer = new SchemaWriter(2, inputs.descriptions, inputs.published);
  const paths: Json = {};
  for (const path of documentPaths(inputs.kinds)) {
    const kinds = inputs.kinds.filter((k) => documentPath(k.group, k.version) === path);
    for (const p of pathsAt(path, kinds)) paths[p.path] = pathItem(p, writer);
  }
  return {
    swagger: "2.0",
    info: { title: "Kubernetes", version: inputs.version },
    paths,
    definitions: writer.finish(annotator(inputs.kinds)),
    securityDefinitions: {
      BearerToken: { description: "Bearer Token authentication", type: "apiKey", name: "authorization", in: "header" },
    },
    security: [{ BearerToken: [] }],
  };
}

/** What all operations of a path have in common stands at the path. */
function pathItem(path: PathModel, writer: SchemaWriter): Json {
  const shared = path.operations[0]!.parameters.filter((p) =>
    path.operations.every((o) => o.parameters.some((q) => q.name === p.name)),
  );
  const own = (op: OperationModel) => op.parameters.filter((p) => !shared.includes(p) && !shared.some((s) => s.name === p.name));
  const out: Json = {};
  for (const op of path.operations) out[op.method] = operation(op, own(op), writer);
  const parameters = sorted([...path.parameters, ...shared]).map((p) => parameter(p, writer.dialect));
  return parameters.length ? { ...out, parameters } : out;
}

const sorted = (parameters: Parameter[]) => [...parameters].sort((a, b) => (a.name + a.in < b.name + b.in ? -1 : 1));

function parameter(p: Parameter, dialect: Dialect): Json {
  const at = { name: p.name, in: p.in, ...(p.in === "path" && { required: true }) };
  return dialect === 2 ? { uniqueItems: true, type: p.type, ...at } : { ...at, schema: { type: p.type, uniqueItems: true } };
}

function operation(op: OperationModel, parameters: Parameter[], writer: SchemaWriter): Json {
  const query = sorted(parameters).map((p) => parameter(p, writer.dialect));
  const extensions = {
    ...(op.action && { "x-kubernetes-action": op.action }),
    ...(op.gvk && { "x-kubernetes-group-version-kind": op.gvk }),
  };
  const head = { tags: [op.tag], description: op.description };
  return writer.dialect === 2
    ? { ...head, ...operationV2(op, query, writer), ...extensions }
    : { ...head, ...operationV3(op, query, writer), ...extensions };
}

function operationV2(op: OperationModel, query: Json[], writer: SchemaWriter): Json {
  const body = op.body && {
    name: "body",
    in: "body",
    ...(op.body.required && { required: true }),
    schema: content(op.body.content, writer),
  };
  const parameters = [...(body ? [body] : []), ...query];
  const consumes =
    op.consumes === "none"
      ? undefined
      : op.consumes === "patch"
        ? patchTypes(op)
        : op.consumes === "discovery"
          ? op.produces === "json"
            ? ["application/json"]
            : OBJECTS
          : ["*/*"];
  const responses: Json = {};
  for (const code of op.answers.codes)
    responses[code] = { description: STATUS_TEXTS[code], schema: content(op.answers.content, writer) };
  responses[401] = { description: "Unauthorized" };
  return {
    ...(consumes && { consumes }),
    produces: produced(op),
    schemes: ["https"],
    operationId: op.id,
    ...(parameters.length && { parameters }),
    responses,
  };
}

function operationV3(op: OperationModel, query: Json[], writer: SchemaWriter): Json {
  const media = (types: readonly string[], c: Content) =>
    Object.fromEntries(types.map((t) => [t, { schema: content(c, writer) }]));
  const bodyTypes = op.consumes === "patch" ? patchTypes(op) : ["*/*"];
  const responses: Json = {};
  for (const code of op.answers.codes)
    responses[code] = { description: STATUS_TEXTS[code], content: media(produced(op), op.answers.content) };
  responses[401] = { description: "Unauthorized" };
  return {
    operationId: op.id,
    ...(query.length && { parameters: query }),
    ...(op.body && { requestBody: { content: media(bodyTypes, op.body.content), ...(op.body.required && { required: true }) } }),
    responses,
  };
}

function produced(op: OperationModel): readonly string[] {
  if (op.answers.content === "text" && op.produces === "objects") return ["text/plain", ...OBJECTS];
  return isCustom(op) ? CUSTOM : PRODUCES[op.produces];
}

const patchTypes = (op: OperationModel) => (isCustom(op) ? CUSTOM_PATCHES : PATCHES);

function isCustom({ answers: { content: c } }: OperationModel): boolean {
  const kind = typeof c === "object" && "object" in c ? c.object : typeof c === "object" && "listOf" in c ? c.listOf : undefined;
  return kind?.schema.dynamic === true;
}

const STATUS_TEXTS: Readonly<Record<number, string>> = { 200: "OK", 201: "Created", 202: "Accepted" };

function content(c: Content, writer: SchemaWriter): Json {
  if (c === "text") return { type: "string" };
  if ("definition" in c) return writer.ref(c.definition);
  if ("object" in c) return writer.ref(c.object.definition, c.object.schema.dynamic ? c.object.schema : undefined);
  const kind = c.listOf;
  return kind.schema.dynamic
    ? writer.listRef(`${kind.definition}List`, kind.definition, kind.schema)
    : writer.ref(`${kind.definition}List`);
}

/** Says which definition is which kind. Delete options and watch events are a kind of every group version that `speakers` are of. */
function annotator(kinds: readonly Kind<any>[], speakers = kinds): (definition: string, schema: Json) => void {
  const gvks = new Map<string, Gvk[]>();
  const add = (definition: string, gvk: Gvk) => {
    const list = gvks.get(definition) ?? [];
    if (!list.some((g) => g.group === gvk.group && g.version === gvk.version && g.kind === gvk.kind)) list.push(gvk);
    gvks.set(definition, list);
  };
  const meta = "io.k8s.apimachinery.pkg.apis.meta.v1";
  for (const kind of ["Status", "APIGroup", "APIGroupList", "APIResourceList", "APIVersions"])
    add(`${meta}.${kind}`, { group: "", kind, version: "v1" });
  for (const k of kinds) {
    const gv = { group: k.group, version: k.version };
    add(k.definition, { ...gv, kind: k.kind });
    add(`${k.definition}List`, { ...gv, kind: k.listKind ?? `${k.kind}List` });
  }
  for (const { group, version } of [{ group: "", version: "v1" }, ...speakers]) {
    add(DELETE_OPTIONS, { group, version, kind: "DeleteOptions" });
    add(WATCH_EVENT, { group, version, kind: "WatchEvent" });
  }
  for (const [kind, group, version] of [
    ["Scale", "autoscaling", "v1"],
    ["Eviction", "policy", "v1"],
    ["TokenRequest", "authentication.k8s.io", "v1"],
  ] as const) {
    add(`io.k8s.api.${group.split(".")[0]}.${version}.${kind}`, { group, version, kind });
  }
  return (definition, schema) => {
    const list = gvks.get(definition);
    list?.sort((a, b) => (`${a.group}/${a.version}` < `${b.group}/${b.version}` ? -1 : 1));
    if (list) schema["x-kubernetes-group-version-kind"] = list.map(({ group, kind, version }) => ({ group, kind, version }));
  };
}
