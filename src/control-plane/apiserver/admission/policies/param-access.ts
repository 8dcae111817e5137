/**
 * Whoever writes a policy or a binding with parameters must be able to read them: otherwise a policy's messages could tell what they hold.
 *
 * @source pkg/registry/admissionregistration/{validatingadmissionpolicy,validatingadmissionpolicybinding}/authz.go v1.36
 */
import { deepEqual } from "../../../../shared/apimachinery/patch/index.ts";
import type { ParamKind, ParamRef } from "../../../../shared/api/generated/admissionregistration-v1.ts";
import {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from "../../../../shared/api/index.ts";
import { invalid } from "../../../../shared/apimachinery/errors.ts";
import { forbidden } from "../../../../shared/apimachinery/field-error.ts";
import type { KubeObject } from "../../../../shared/apimachinery/meta.ts";
import type { AdmissionAttributes, AdmissionPlugin, Authorizer, ServerContext, UserInfo } from "../../types.ts";
import { concerns } from "../refuse.ts";

interface Spec {
  paramKind?: ParamKind;
  paramRef?: ParamRef;
  policyName?: string;
}

const POLICIES = [ValidatingAdmissionPolicy, MutatingAdmissionPolicy];
const BINDINGS = [ValidatingAdmissionPolicyBinding, MutatingAdmissionPolicyBinding];
const specOf = (object: KubeObject | undefined) => (object as { spec?: Spec } | undefined)?.spec ?? {};

export function paramAccess(authorizer: Authorizer): AdmissionPlugin {
  const may = async (
    user: UserInfo,
    verb: string,
    kind: ParamKind | undefined,
    ref: { name: string; namespace: string },
    server: ServerContext,
  ) => {
    const asked = { user, verb, resourceRequest: true, path: "", subresource: "", ...ref, ...resourceOf(kind, server) };
    return (await authorizer.authorize(asked)).decision === "allow";
  };
  return {
    name: "ParamAccess",
    handles: (a) =>
      (a.operation === "CREATE" || a.operation === "UPDATE") && [...POLICIES, ...BINDINGS].some((kind) => concerns(a, kind)),
    async validate(attributes, server) {
      const { user, object, oldObject } = attributes;
      const [now, was] = [specOf(object), specOf(oldObject)];
      if (POLICIES.some((kind) => concerns(attributes, kind))) {
        const { paramKind } = now;
        if (!paramKind || deepEqual(paramKind, was.paramKind)) return;
        if (await may(user, "get", paramKind, { name: "*", namespace: "*" }, server)) return;
        const what = `(kind=${paramKind.kind}, apiVersion=${paramKind.apiVersion})`;
        throw refused(
          attributes,
          "paramKind",
          `user ${shown(user)} must have "get" permission on all objects of the referenced paramKind ${what}`,
        );
      }
      const { paramRef, policyName } = now;
      if (!paramRef || (deepEqual(paramRef, was.paramRef) && policyName === was.policyName)) return;
      const verb = paramRef.name ? "get" : "list";
      const policies = concerns(attributes, ValidatingAdmissionPolicyBinding)
        ? ValidatingAdmissionPolicy
        : MutatingAdmissionPolicy;
      const policy = server.cache<KubeObject>(policies as never).get(policyName ?? "");
      const { name = "", namespace = "" } = paramRef;
      if (await may(user, verb, specOf(policy).paramKind, { name, namespace }, server)) return;
      const text = policy
        ? `user ${shown(user)} does not have "${verb}" permission on the object referenced by paramRef`
        : `unable to get policy ${policyName} to determine minimum required permissions and user ${shown(user)} does not have "${verb}" permission for all groups, versions and resources`;
      throw refused(attributes, "paramRef", text);
    },
  };
}

/** What is not known counts as all there is. */
function resourceOf(kind: ParamKind | undefined, server: ServerContext): { group: string; version: string; resource: string } {
  const { apiVersion, kind: name } = kind ?? {};
  if (!apiVersion) return { group: "*", version: "*", resource: "*" };
  const slash = apiVersion.indexOf("/");
  const place = { group: slash < 0 ? "" : apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
  for (const one of server.kinds())
    if (one.groupVersion === apiVersion && one.kind === name) return { ...place, resource: one.plural };
  return { ...place, resource: "*" };
}

function refused({ kind, object }: AdmissionAttributes, field: string, text: string): Error {
  return invalid({ group: kind.group, resource: kind.kind }, object?.metadata.name ?? "", [forbidden(`spec.${field}`, text)]);
}

/** As Go prints it. */
function shown({ name, uid = "", groups, extra = {} }: UserInfo): string {
  const entries = Object.entries(extra).map(([key, values]) => `${key}:[${values.join(" ")}]`);
  return `&{${name} ${uid} [${groups.join(" ")}] map[${entries.sort().join(" ")}]}`;
}
