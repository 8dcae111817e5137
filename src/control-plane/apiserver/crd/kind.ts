/** One version of a definition as the `Kind` that the generic registry serves, like any built-in one. */
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
} from "../../../shared/api/generated/apiextensions-v1.ts";
import { defineKind, type Kind, type Origin, type SubresourceFacts } from "../../../shared/api/kind.ts";
import type { KubeObject } from "../../../shared/apimachinery/meta.ts";
import { compareVersions } from "../discovery/groups.ts";
import { columnsOf } from "./columns.ts";
import { fillDefaults } from "./defaulting.ts";
import { parseJsonPath } from "./json-path.ts";
import { publishedSchema } from "./published.ts";
import { compileSchema } from "./structural.ts";
import { objectValidation } from "./validation/index.ts";

const VERBS = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];
const PART_VERBS = ["get", "patch", "update"];

/** `stable.example.com`, `v1`, `CronTab` → `com.example.stable.v1.CronTab` */
const definitionName = (group: string, version: string, kind: string) => [...group.split(".").reverse(), version, kind].join(".");

export function customKind(crd: CustomResourceDefinition, version: CustomResourceDefinitionVersion): Kind<KubeObject> {
  const { group, scope } = crd.spec;
  const names = crd.status.acceptedNames.plural ? crd.status.acceptedNames : crd.spec.names;
  const props = version.schema?.openAPIV3Schema;
  const definition = definitionName(group, version.name, names.kind);
  const { columns, cells } = columnsOf(version.additionalPrinterColumns);
  const paths = version.subresources?.scale;
  return defineKind<KubeObject>({
    group,
    version: version.name,
    kind: names.kind,
    plural: names.plural,
    singular: names.singular ?? "",
    listKind: names.listKind,
    scope: scope as "Namespaced" | "Cluster",
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    verbs: VERBS,
    definition,
    subresources: subresourcesOf(group, version, names.kind),
    columns,
    cells,
    schema: compileSchema(props, definition),
    generation: true,
    ...(crd.metadata.deletionTimestamp && { closing: true }),
    requireResourceVersion: true,
    ...(version.deprecated && { deprecation: deprecationOf(crd, version) }),
    ...(props && { setDefaults: (object: KubeObject, origin?: Origin) => fillDefaults(object, props, origin) }),
    ...(version.selectableFields?.length && { selectableFields: selectable(version.selectableFields) }),
    ...(paths && {
      scale: {
        specReplicas: dotted(paths.specReplicasPath),
        statusReplicas: dotted(paths.statusReplicasPath),
        ...(paths.labelSelectorPath && { labelSelector: dotted(paths.labelSelectorPath) }),
      },
    }),
    ...objectValidation(crd, version),
    openApiSchema: (dialect) => publishedSchema(props, dialect),
  });
}

const dotted = (path: string) => path.replace(/^\./, "");

function subresourcesOf(group: string, version: CustomResourceDefinitionVersion, kind: string): SubresourceFacts[] {
  const { status, scale } = version.subresources ?? {};
  return [
    ...(status ? [{ name: "status", group, version: version.name, kind, verbs: PART_VERBS }] : []),
    ...(scale ? [{ name: "scale", group: "autoscaling", version: "v1", kind: "Scale", verbs: PART_VERBS }] : []),
  ];
}

function deprecationOf({ spec }: CustomResourceDefinition, version: CustomResourceDefinitionVersion): string {
  if (version.deprecationWarning) return version.deprecationWarning;
  const text = `${spec.group}/${version.name} ${spec.names.kind} is deprecated`;
  const [better] = (spec.versions ?? [])
    .filter((v) => v.served && !v.deprecated && compareVersions(v.name, version.name) < 0)
    .sort((a, b) => compareVersions(a.name, b.name));
  return better ? `${text}; use ${spec.group}/${better.name} ${spec.names.kind}` : text;
}

function selectable(fields: readonly { jsonPath: string }[]): Record<string, (object: KubeObject) => string> {
  return Object.fromEntries(
    fields.map(({ jsonPath }) => {
      const path = parseJsonPath(jsonPath);
      const text = (object: KubeObject) => {
        const [value] = path(object);
        return value === undefined || value === null ? "" : String(value);
      };
      return [dotted(jsonPath), text];
    }),
  );
}
