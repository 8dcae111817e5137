/**
 * What expressions of dynamic admission may speak of, and compiled expressions by their text.
 *
 * @source staging/src/k8s.io/apiserver/pkg/admission/plugin/cel/compile.go v1.36
 */
import {
  compile,
  dyn,
  objectType,
  parseType,
  showType,
  type,
  type CelType,
  type Compiled,
} from "../../apimachinery/cel/index.ts";
import { AUTHORIZER, RESOURCE } from "../../apimachinery/cel/functions/authorizer.ts";

const string = type("string");
const strings = (...names: string[]) => Object.fromEntries(names.map((name) => [name, string]));

const groupVersionKind = objectType("kubernetes.GroupVersionKind", strings("group", "version", "kind"));
const groupVersionResource = objectType("kubernetes.GroupVersionResource", strings("group", "version", "resource"));
const userInfo = objectType("kubernetes.UserInfo", {
  ...strings("username", "uid"),
  groups: parseType("list<string>"),
  extra: parseType("map<string, list<string>>"),
});

const request = objectType("kubernetes.AdmissionRequest", {
  kind: groupVersionKind,
  resource: groupVersionResource,
  requestKind: groupVersionKind,
  requestResource: groupVersionResource,
  ...strings("subResource", "requestSubResource", "name", "namespace", "operation"),
  userInfo,
  dryRun: type("bool"),
  options: dyn,
});

const namespaceObject = objectType("kubernetes.Namespace", {
  metadata: objectType("kubernetes.NamespaceMetadata", {
    ...strings("name", "generateName", "namespace", "uid", "resourceVersion"),
    labels: parseType("map<string, string>"),
    annotations: parseType("map<string, string>"),
    generation: type("int"),
    creationTimestamp: parseType("timestamp"),
    deletionTimestamp: parseType("timestamp"),
    deletionGracePeriodSeconds: type("int"),
    finalizers: parseType("list<string>"),
  }),
  spec: objectType("kubernetes.NamespaceSpec", { finalizers: parseType("list<string>") }),
  status: objectType("kubernetes.NamespaceStatus", strings("phase")),
});

const authorizer: CelType = {
  name: AUTHORIZER,
  field: (name) => (name === "requestResource" ? type(RESOURCE) : undefined),
};

export interface Declared {
  /** There is a kind of parameters. */
  params?: boolean;
  authorizer?: boolean;
  /** Of policies: also the namespace, and variables by their types. */
  variables?: Readonly<Record<string, CelType>>;
  /** Of mutations: objects may be made. */
  makes?: boolean;
}

/** `Object`, `Object.spec`, …: members of any name and type; and `JSONPatch`. */
const made = (name: string): CelType | undefined => {
  if (name === "JSONPatch") return JSON_PATCH;
  return name === "Object" || name.startsWith("Object.") ? { name, field: () => dyn } : undefined;
};

export const JSON_PATCH = objectType("JSONPatch", { ...strings("op", "path", "from"), value: dyn });
export const OBJECT = made("Object")!;

const known = new Map<string, Compiled>();
const MAX_KNOWN = 2000;

/** Compiled for objects of a known type: to find what could not work with them. */
export function compileTyped(source: string, declared: Declared, object: CelType): Compiled {
  const variables: Record<string, CelType> = { object, oldObject: object, request, namespaceObject };
  if (declared.params) variables.params = dyn;
  if (declared.authorizer) variables.authorizer = authorizer;
  if (declared.variables) variables.variables = objectType("kubernetes.variables", declared.variables);
  return compile(source, { variables, ...(declared.makes && { types: made }) });
}

/** Compiled once as long as it is in use. */
export function compileFor(source: string, declared: Declared): Compiled {
  const types = Object.entries(declared.variables ?? {}).map(([name, of]) => `${name}:${showType(of)}`);
  const key = JSON.stringify([source, declared.params, declared.authorizer, declared.variables && types, declared.makes]);
  let found = known.get(key);
  if (found) return found;
  found = compileTyped(source, declared, dyn);
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(key, found);
  return found;
}
