/**
 * Nothing is created in a namespace that is missing or on its way out, and three namespaces cannot be deleted.
 *
 * @source staging/src/k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle v1.36
 */
import { LocalSubjectAccessReview, Namespace } from "../../../shared/api/index.ts";
import { forbiddenError, notFound } from "../../../shared/apimachinery/errors.ts";
import type { AdmissionPlugin } from "../types.ts";
import { concerns, refuse } from "./refuse.ts";

const IMMORTAL = new Set(["default", "kube-system", "kube-public"]);

export const namespaceLifecycle: AdmissionPlugin = {
  name: "NamespaceLifecycle",
  handles: ({ operation }) => operation !== "CONNECT",
  admit(attributes, server) {
    const { operation, kind, namespace, name } = attributes;
    if (kind.group === Namespace.group && kind.plural === Namespace.plural) {
      if (operation !== "DELETE" || !IMMORTAL.has(name)) return;
      throw forbiddenError({ group: "", resource: "namespaces" }, name, "this namespace may not be deleted");
    }
    // A review answers "no" where a missing namespace would answer 404: it must not tell which namespaces there are.
    if (!namespace || operation === "DELETE" || concerns(attributes, LocalSubjectAccessReview)) return;
    const found = server.cache(Namespace).get(namespace);
    if (!found) throw notFound({ group: "", resource: "namespaces" }, namespace);
    if (operation !== "CREATE" || found.status?.phase !== "Terminating") return;
    throw refuse(attributes, `unable to create new content in namespace ${namespace} because it is being terminated`, {
      reason: "NamespaceTerminating",
      message: `namespace ${namespace} is being terminated`,
      field: "metadata.namespace",
    });
  },
};
