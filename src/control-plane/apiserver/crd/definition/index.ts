/** What the server adds to the kind CustomResourceDefinition: status and versions it keeps itself, and deletion in two steps. */
import { CustomResourceDefinition } from "../../../../shared/api/index.ts";
import { defineKind, type Kind } from "../../../../shared/api/kind.ts";
import { CLEANUP, decide } from "../conditions.ts";
import { unknownFormats } from "./formats.ts";
import { statusErrors, validateDefinition } from "./validate.ts";

type Definition = CustomResourceDefinition;

const base = CustomResourceDefinition;

export const servedDefinition: Kind<Definition> = defineKind<Definition>({
  ...base,
  prepareForCreate: storeVersion,
  prepareForUpdate: storeVersion,
  validate: (definition, _context, old) => validateDefinition(definition, old),
  validateStatusUpdate: statusErrors,
  warnings: (definition, old) => unknownFormats(definition, old),
  prepareForDelete(definition) {
    const { finalizers = [] } = definition.metadata;
    if (!finalizers.includes(CLEANUP)) definition.metadata.finalizers = [...finalizers, CLEANUP];
    const message = "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon";
    const terminating = { type: "Terminating", status: "True", reason: "InstanceDeletionPending", message };
    decide(definition, terminating, Date.parse(definition.metadata.deletionTimestamp!));
  },
});

/** The version that is written from now on stands among those that may be in the store. */
function storeVersion(definition: Definition): void {
  const { storedVersions = [] } = definition.status;
  const stored = definition.spec.versions?.find(({ storage }) => storage)?.name;
  // The status may be the stored object's own, which is frozen.
  if (stored !== undefined && !storedVersions.includes(stored))
    definition.status = { ...definition.status, storedVersions: [...storedVersions, stored] };
}
