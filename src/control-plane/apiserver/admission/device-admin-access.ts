/**
 * Access to devices that others use, for whoever looks after them: only from namespaces that are labelled for it.
 *
 * @source pkg/registry/resource/utils.go AuthorizedForAdmin v1.36
 */
import { Namespace, ResourceClaim, ResourceClaimTemplate } from "../../../shared/api/index.ts";
import { invalid } from "../../../shared/apimachinery/errors.ts";
import { forbidden } from "../../../shared/apimachinery/field-error.ts";
import type { AdmissionAttributes, AdmissionPlugin } from "../types.ts";

const LABEL = "resource.kubernetes.io/admin-access";
const KINDS: readonly unknown[] = [ResourceClaim, ResourceClaimTemplate];

export const deviceAdminAccess: AdmissionPlugin = {
  name: "DeviceAdminAccess",
  handles: ({ kind, operation, subresource }) =>
    KINDS.includes(kind) && (subresource === "status" ? operation === "UPDATE" : operation === "CREATE"),
  validate(attributes, server) {
    const path = asked(attributes);
    if (!path || server.cache(Namespace).get(attributes.namespace)?.metadata.labels?.[LABEL] === "true") return;
    const text = `admin access to devices requires the \`${LABEL}: true\` label on the containing namespace`;
    const { group, kind } = attributes.kind;
    throw invalid({ group, resource: kind }, attributes.name, [forbidden(path, text)]);
  },
};

interface Marked {
  adminAccess?: boolean;
}

/** Where it is asked for, or given for the first time. */
function asked({ kind, subresource, object, oldObject }: AdmissionAttributes): string | undefined {
  if (subresource === "status") {
    const results = (claim: unknown): Marked[] => (claim as ResourceClaim).status?.allocation?.devices?.results ?? [];
    if (results(oldObject).some(({ adminAccess }) => adminAccess)) return undefined;
    return first("status.allocation.devices.results", results(object));
  }
  const claim = kind.kind === "ResourceClaim" ? (object as ResourceClaim).spec : (object as ResourceClaimTemplate).spec?.spec;
  return first(
    "spec.devices.requests",
    (claim?.devices?.requests ?? []).map(({ exactly }) => exactly ?? {}),
  );
}

function first(path: string, marked: readonly Marked[]): string | undefined {
  const index = marked.findIndex(({ adminAccess }) => adminAccess);
  return index < 0 ? undefined : `${path}[${index}].adminAccess`;
}
