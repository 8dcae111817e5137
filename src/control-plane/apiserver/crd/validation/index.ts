/** Validation of custom resources against the schema of their version. */
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
} from "../../../../shared/api/generated/apiextensions-v1.ts";
import type { KindBehaviour } from "../../../../shared/api/kind.ts";
import type { KubeObject } from "../../../../shared/apimachinery/meta.ts";

type Behaviour = Pick<KindBehaviour<KubeObject>, "validate" | "validateUpdate" | "validateStatusUpdate">;

export function objectValidation(_definition: CustomResourceDefinition, _version: CustomResourceDefinitionVersion): Behaviour {
  return {};
}
