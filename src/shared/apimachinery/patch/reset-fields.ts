/**
 * Fields that a write through one door cannot set, and so cannot own: status through the object itself, spec through `/status`.
 *
 * @source GetResetFields of pkg/registry/(all groups)/strategy.go v1.36
 */
import { fieldsOf, union, type Fields } from "./fields.ts";

/** What a door resets, where it is not the rule: `status` at the object, `spec` at `/status`. Dotted paths, by group/kind/subresource. */
const EXCEPTIONS: Readonly<Record<string, readonly string[]>> = {
  "apps/Deployment/status": ["spec", "metadata.labels"],
  "/Pod/status": ["spec", "metadata.deletionTimestamp", "metadata.ownerReferences"],
  "/Namespace/finalize": ["status"],
  "certificates.k8s.io/CertificateSigningRequest/": ["spec", "status"],
  "certificates.k8s.io/CertificateSigningRequest/status": ["spec", "status.conditions"],
  "certificates.k8s.io/CertificateSigningRequest/approval": ["spec", "status.certificate"],
  "networking.k8s.io/ServiceCIDR/status": ["metadata", "spec"],
  "resource.k8s.io/ResourceClaim/status": ["metadata", "spec"],
  "storage.k8s.io/VolumeAttachment/status": ["metadata", "spec"],
  "flowcontrol.apiserver.k8s.io/FlowSchema/status": ["metadata", "spec"],
  "flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration/status": ["metadata", "spec"],
  "admissionregistration.k8s.io/ValidatingAdmissionPolicy/status": ["metadata", "spec"],
  "apiextensions.k8s.io/CustomResourceDefinition/status": ["metadata", "spec"],
  "apiregistration.k8s.io/APIService/status": ["metadata", "spec"],
};

export interface Door {
  group: string;
  kind: string;
  /** "" for the object itself. */
  subresource: string;
  /** The kind has a status subresource. */
  hasStatus: boolean;
  /** Of a CustomResourceDefinition. */
  custom: boolean;
}

/** The names of top-level members (and deeper paths, dotted) that this door resets. */
export function resetPaths({ group, kind, subresource, hasStatus, custom }: Door): readonly string[] {
  const exception = EXCEPTIONS[`${group}/${kind}/${subresource}`];
  if (exception) return exception;
  if (subresource === "status") return custom ? ["metadata", "spec"] : ["spec"];
  return subresource === "" && hasStatus ? ["status"] : [];
}

/** The same as a set. */
export function resetFields(paths: readonly string[]): Fields | undefined {
  return paths.map((path) => fieldsOf(path.split(".").map((name) => `f:${name}`))).reduce<Fields | undefined>(union, undefined);
}
