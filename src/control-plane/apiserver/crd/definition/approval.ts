/**
 * Groups of the Kubernetes community need an approval in an annotation.
 *
 * @source staging/src/k8s.io/apiextensions-apiserver/pkg/apihelpers/helpers.go v1.36
 */
import type { CustomResourceDefinition as Definition } from "../../../../shared/api/generated/apiextensions-v1.ts";
import { invalidValue, required, type FieldError } from "../../../../shared/apimachinery/field-error.ts";

const ANNOTATION = "api-approved.kubernetes.io";
const SEE = "see https://github.com/kubernetes/enhancements/pull/1111";

export type Approval = "invalid" | "approved" | "bypassed" | "missing";

export const isProtected = (group: string) => /(^|\.)(k8s|kubernetes)\.io$/.test(group ?? "");

export const approvalText = (definition: Definition): string => definition.metadata.annotations?.[ANNOTATION] ?? "";

export function approvalOf(definition: Definition): Approval {
  const text = approvalText(definition);
  if (!text) return "missing";
  if (text.startsWith("unapproved")) return "bypassed";
  return /^[a-zA-Z][a-zA-Z0-9+.-]*:\/\/[^/\s]+/.test(text) ? "approved" : "invalid";
}

export function approvalMessage(approval: Approval, text: string): string {
  const wanted = `protected groups must have approval annotation ${JSON.stringify(ANNOTATION)}`;
  switch (approval) {
    case "approved":
      return `approved in ${text}`;
    case "bypassed":
      return `not approved: ${JSON.stringify(text)}`;
    case "missing":
      return `${wanted}, ${SEE}`;
    case "invalid":
      return `${wanted} with either a URL or a reason starting with "unapproved", ${SEE}`;
  }
}

export function approvalErrors(definition: Definition, old: Definition | undefined): FieldError[] {
  if (!isProtected(definition.spec.group)) return [];
  const approval = approvalOf(definition);
  if (old && approvalOf(old) === approval) return [];
  const path = `metadata.annotations[${ANNOTATION}]`;
  const text = approvalText(definition);
  if (approval === "missing") return [required(path, approvalMessage(approval, text))];
  return approval === "invalid" ? [invalidValue(path, text, approvalMessage(approval, text))] : [];
}
