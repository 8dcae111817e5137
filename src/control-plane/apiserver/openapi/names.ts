/** Names in OpenAPI documents: definitions of scalars, operation ids, tags. */
import type { ScalarName } from "../../../shared/apimachinery/schema.ts";

const META = "io.k8s.apimachinery.pkg.apis.meta.v1";
const EXTENSIONS = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1";

export const STATUS = `${META}.Status`;
export const DELETE_OPTIONS = `${META}.DeleteOptions`;
export const PATCH = `${META}.Patch`;
export const WATCH_EVENT = `${META}.WatchEvent`;
export const LIST_META = `${META}.ListMeta`;

/** Types with a JSON form of their own have a definition, too. */
export const SCALAR_DEFINITIONS: Partial<Record<ScalarName, string>> = {
  Quantity: "io.k8s.apimachinery.pkg.api.resource.Quantity",
  IntOrString: "io.k8s.apimachinery.pkg.util.intstr.IntOrString",
  RawExtension: "io.k8s.apimachinery.pkg.runtime.RawExtension",
  Time: `${META}.Time`,
  MicroTime: `${META}.MicroTime`,
  Duration: `${META}.Duration`,
  FieldsV1: `${META}.FieldsV1`,
  JSON: `${EXTENSIONS}.JSON`,
  JSONSchemaPropsOrArray: `${EXTENSIONS}.JSONSchemaPropsOrArray`,
  JSONSchemaPropsOrBool: `${EXTENSIONS}.JSONSchemaPropsOrBool`,
  JSONSchemaPropsOrStringArray: `${EXTENSIONS}.JSONSchemaPropsOrStringArray`,
};

const title = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** `rbac.authorization.k8s.io` → `rbac`, `authorization`; the core group is `core`. */
const groupParts = (group: string) => (group === "" ? ["core"] : group.replace(/\.k8s\.io$/, "").split("."));

/** `RbacAuthorization`, `Apps`, `Core`. */
export const groupId = (group: string) => groupParts(group).map(title).join("");

/** `RbacAuthorizationV1`. */
export const groupVersionId = (group: string, version: string) => groupId(group) + title(version);

/** `rbacAuthorization`. */
export function groupTag(group: string): string {
  const [first, ...rest] = groupParts(group);
  return first + rest.map(title).join("");
}

/** `rbacAuthorization_v1`. */
export const tagOf = (group: string, version: string) => `${groupTag(group)}_${version}`;

export const subresourceId = title;

/** Path of a group version's document and prefix of its routes: `api/v1`, `apis/apps/v1`. */
export const documentPath = (group: string, version: string) => (group === "" ? `api/${version}` : `apis/${group}/${version}`);
