/**
 * Mutating admission policies: expressions that say what to change, as a configuration that is laid over the object or as a JSON patch.
 *
 * @source staging/src/k8s.io/apiserver/pkg/admission/plugin/policy/mutating v1.36
 */
import type { Mutation } from "../../../../shared/api/generated/admissionregistration-v1.ts";
import { MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding } from "../../../../shared/api/index.ts";
import { ApiError } from "../../../../shared/apimachinery/errors.ts";
import type { AdmissionAttributes, AdmissionPlugin, Authorizer, ServerContext } from "../../types.ts";
import { conditionsHold } from "../dynamic/conditions.ts";
import { isExempt } from "../dynamic/match.ts";
import { replaceObject } from "../dynamic/replace.ts";
import { evaluateFor, ExpressionError, valuesOf } from "../dynamic/run.ts";
import { refuse } from "../refuse.ts";
import { activePolicies, type Invocation } from "./active.ts";
import { appliedTo, jsonPatched } from "./change.ts";
import { bindVariables, withVariables } from "./variables.ts";

type Call = Invocation<MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding>;

/** `before`: the built-in plugins that run again over what was changed. */
export function mutatingPolicies(authorizer: Authorizer, before: readonly AdmissionPlugin[]): AdmissionPlugin {
  return {
    name: "MutatingAdmissionPolicy",
    handles: (attributes) => !isExempt(attributes) && attributes.object !== undefined,
    async admit(attributes, server) {
      const policies = [...server.cache(MutatingAdmissionPolicy).list()];
      if (!policies.length) return;
      const bindings = () => server.cache(MutatingAdmissionPolicyBinding).list();
      const { invocations, failures } = activePolicies(policies, bindings, attributes, server);
      const messages = failures.map(({ policy, binding, message }) => told(policy, binding, message));
      const reason = messages.length ? "Forbidden" : "Invalid"; // that of the first
      const run = (call: Call): boolean => {
        const { changed, failure } = mutate(call, attributes, server, authorizer);
        if (failure && call.policy.spec.failurePolicy !== "Ignore") messages.push(told(call.policy, call.binding, failure));
        return changed;
      };
      const changedBy = invocations.map(run);
      if (changedBy.includes(true)) {
        for (const plugin of before) if (plugin.admit && plugin.handles(attributes)) await plugin.admit(attributes, server);
        const last = changedBy.lastIndexOf(true);
        invocations.forEach((call, i) => i < last && call.policy.spec.reinvocationPolicy === "IfNeeded" && run(call));
      }
      if (messages.length) throw denied(attributes, messages, reason);
    },
  };
}

function mutate(
  { policy, params }: Call,
  attributes: AdmissionAttributes,
  server: ServerContext,
  authorizer: Authorizer,
): { changed: boolean; failure?: string } {
  const { matchConditions, variables, mutations, paramKind, failurePolicy = "Fail" } = policy.spec;
  const own = { params: paramKind !== undefined, authorizer: true };
  const declared = { ...withVariables(variables, { ...own, makes: true }), makes: true };
  let changed = false;
  try {
    if (!conditionsHold(matchConditions, failurePolicy, own, valuesOf(attributes, server, authorizer, params)))
      return { changed };
    for (const mutation of mutations ?? []) {
      const values = bindVariables(variables, declared, valuesOf(attributes, server, authorizer, params));
      const next = changedObject(mutation, attributes, (source) => evaluateFor(source, declared, values));
      if (replaceObject(attributes, next)) changed = true;
    }
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    return { changed, failure: error.message };
  }
  return { changed };
}

function changedObject(
  { patchType, applyConfiguration, jsonPatch }: Mutation,
  { kind, object }: AdmissionAttributes,
  evaluate: (source: string) => unknown,
) {
  if (patchType === "JSONPatch") return jsonPatched(object!, evaluate(jsonPatch?.expression ?? ""));
  return appliedTo(object!, kind.schema, evaluate(applyConfiguration?.expression ?? ""));
}

type Named = { metadata: { name?: string } };

function told(policy: Named, binding: Named | undefined, message: string): string {
  if (!binding) return `policy ${JSON.stringify(policy.metadata.name)} denied request: ${message}`;
  return `policy '${policy.metadata.name}' with binding '${binding.metadata.name}' denied request: ${message}`;
}

function denied(attributes: AdmissionAttributes, messages: readonly string[], reason: "Forbidden" | "Invalid"): ApiError {
  const { status } = refuse(attributes, "", ...messages.map((message) => ({ message })));
  return new ApiError({ ...status, message: messages[0]!, reason });
}
