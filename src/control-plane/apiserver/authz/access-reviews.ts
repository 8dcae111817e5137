/**
 * Subject access reviews: may somebody, or may I, do this?
 *
 * @source pkg/registry/authorization, pkg/apis/authorization/validation/validation.go v1.36
 */
import type {
  NonResourceAttributes,
  ResourceAttributes,
  SubjectAccessReviewSpec,
} from "../../../shared/api/generated/authorization-v1.ts";
import type { SubjectAccessReview } from "../../../shared/api/index.ts";
import { invalid } from "../../../shared/apimachinery/errors.ts";
import { invalidValue, required, type FieldError } from "../../../shared/apimachinery/field-error.ts";
import type { KubeObject, ObjectMeta } from "../../../shared/apimachinery/meta.ts";
import type { AccessAttributes, Authorizer, CallContext, UserInfo, VirtualResource } from "../types.ts";
import { fieldSelectorOf, labelSelectorOf, type ReviewedSelector } from "./review-selectors.ts";

type Scope = "any" | "local" | "self";

/** A review answers about the subject it names; `local` keeps to its namespace, `self` asks about the caller. */
export function accessReview(authorizer: Authorizer, scope: Scope): VirtualResource {
  return {
    async create(object, context) {
      const review = object as SubjectAccessReview;
      const spec = review.spec ?? {};
      const errors = [
        ...specErrors(spec, scope),
        ...metadataErrors(review, scope),
        ...(scope === "local" ? localErrors(spec, review) : []),
      ];
      // Upstream leaves the kind out of the message.
      if (errors.length) throw invalid({ group: "authorization.k8s.io", resource: "" }, "", errors);
      return { ...review, status: await decide(authorizer, spec, subjectOf(spec, scope, context)) } as SubjectAccessReview;
    },
  };
}

function subjectOf(spec: SubjectAccessReviewSpec, scope: Scope, { user }: CallContext): UserInfo {
  if (scope === "self") return user;
  const { user: name = "", groups = [], uid, extra } = spec;
  return { name, groups, ...(uid && { uid }), ...(extra && { extra }) };
}

async function decide(
  authorizer: Authorizer,
  spec: SubjectAccessReviewSpec,
  user: UserInfo,
): Promise<SubjectAccessReview["status"]> {
  const { attributes, faults } = attributesOf(spec, user);
  const { decision, reason } = await authorizer.authorize(attributes);
  return {
    allowed: decision === "allow",
    ...(decision === "deny" && { denied: true }),
    ...(reason && { reason }),
    ...(faults.length > 0 && { evaluationError: faults.join("; ") }),
  };
}

const nothingAsked = { path: "", group: "", version: "", resource: "", subresource: "", namespace: "", name: "" };

function attributesOf(spec: SubjectAccessReviewSpec, user: UserInfo): { attributes: AccessAttributes; faults: string[] } {
  const asked = spec.resourceAttributes;
  if (!asked) {
    const { path = "", verb = "" } = spec.nonResourceAttributes ?? {};
    return { attributes: { ...nothingAsked, user, verb, path, resourceRequest: false }, faults: [] };
  }
  const { fieldSelector, labelSelector, verb = "", version = "*", ...rest } = asked;
  const fields = fieldSelectorOf(fieldSelector);
  const labels = labelSelectorOf(labelSelector);
  const attributes: AccessAttributes = {
    ...nothingAsked,
    ...rest,
    user,
    verb,
    version,
    resourceRequest: true,
    ...(fields.text !== undefined && { fieldSelector: fields.text }),
    ...(labels.text !== undefined && { labelSelector: labels.text }),
  };
  return { attributes, faults: [...selectorFault("fieldSelector", fields), ...selectorFault("labelSelector", labels)] };
}

function selectorFault(name: string, { fault, text }: ReviewedSelector): string[] {
  return fault ? [`spec.resourceAttributes.${name} ${text === undefined ? "" : "partially "}ignored due to parse error`] : [];
}

function specErrors(spec: SubjectAccessReviewSpec, scope: Scope): FieldError[] {
  const { resourceAttributes: resource, nonResourceAttributes: path, user, groups } = spec;
  const errors: FieldError[] = [];
  if (resource && path) {
    errors.push(
      invalidValue("spec.nonResourceAttributes", goValue(path), "cannot be specified in combination with resourceAttributes"),
    );
  }
  if (!resource && !path) {
    errors.push(
      invalidValue(
        "spec.resourceAttributes",
        null,
        "exactly one of nonResourceAttributes or resourceAttributes must be specified",
      ),
    );
  }
  if (scope !== "self" && !user && !groups?.length)
    errors.push(invalidValue("spec.user", "", "at least one of user or group must be specified"));
  return [...errors, ...selectorErrors("fieldSelector", resource), ...selectorErrors("labelSelector", resource)];
}

/** The value as it prints under upstream's internal field names. */
const goValue = ({ path = "", verb = "" }: NonResourceAttributes) => ({ Path: path, Verb: verb });

function selectorErrors(name: "fieldSelector" | "labelSelector", resource: ResourceAttributes | undefined): FieldError[] {
  const selector = resource?.[name];
  if (!selector) return [];
  const at = `spec.resourceAttributes.${name}`;
  const { rawSelector, requirements = [] } = selector;
  const errors: FieldError[] = [];
  if (rawSelector && requirements.length) {
    errors.push(invalidValue(`${at}.rawSelector`, rawSelector, "may not specified at the same time as requirements"));
  }
  if (!rawSelector && !requirements.length) {
    errors.push(required(`${at}.requirements`, `when ${at} is specified, requirements or rawSelector is required`));
  }
  return errors;
}

function metadataErrors({ metadata }: KubeObject, scope: Scope): FieldError[] {
  const { managedFields: _, creationTimestamp: __, namespace, ...rest } = (metadata ?? {}) as ObjectMeta;
  const given = Object.keys(rest).length > 0 || (scope !== "local" && namespace !== undefined);
  return given
    ? [invalidValue("metadata", metadata, scope === "local" ? "must be empty except for namespace" : "must be empty")]
    : [];
}

function localErrors(
  { resourceAttributes, nonResourceAttributes }: SubjectAccessReviewSpec,
  { metadata }: KubeObject,
): FieldError[] {
  const errors: FieldError[] = [];
  const namespace = resourceAttributes?.namespace ?? "";
  if (resourceAttributes && namespace !== metadata.namespace) {
    errors.push(invalidValue("spec.resourceAttributes.namespace", namespace, "must match metadata.namespace"));
  }
  if (nonResourceAttributes) {
    errors.push(invalidValue("spec.nonResourceAttributes", goValue(nonResourceAttributes), "disallowed on this kind of request"));
  }
  return errors;
}
