/**
 * Validating admission policies: expressions that have to hold.
 *
 * @source staging/src/k8s.io/apiserver/pkg/admission/plugin/policy/validating v1.36
 */
import type { Validation } from "../../../../shared/api/generated/admissionregistration-v1.ts";
import { ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding } from "../../../../shared/api/index.ts";
import { ApiError } from "../../../../shared/apimachinery/errors.ts";
import type { AdmissionAttributes, AdmissionPlugin, Authorizer, ServerContext } from "../../types.ts";
import { conditionsHold } from "../dynamic/conditions.ts";
import { isExempt } from "../dynamic/match.ts";
import { evaluateFor, ExpressionError, valuesOf } from "../dynamic/run.ts";
import { refuse } from "../refuse.ts";
import { activePolicies, type Invocation } from "./active.ts";
import { bindVariables, withVariables } from "./variables.ts";

type Named = { metadata: { name?: string } };

interface Denial {
  message: string;
  reason?: string;
}

const CODES: Record<string, number> = { Forbidden: 403, Unauthorized: 401, RequestEntityTooLarge: 413, Invalid: 422 };
const MAX_MESSAGE = 5 * 1024;

export function validatingPolicies(authorizer: Authorizer): AdmissionPlugin {
  return {
    name: "ValidatingAdmissionPolicy",
    handles: (attributes) => !isExempt(attributes),
    validate(attributes, server) {
      const policies = [...server.cache(ValidatingAdmissionPolicy).list()];
      if (!policies.length) return;
      const bindings = () => server.cache(ValidatingAdmissionPolicyBinding).list();
      const { invocations, failures } = activePolicies(policies, bindings, attributes, server);
      let first: ApiError | undefined;
      for (const { policy, binding, message } of failures) first ??= denied(attributes, policy, binding, { message });
      for (const invocation of invocations) {
        const { policy, binding } = invocation;
        for (const denial of denials(invocation, attributes, server, authorizer)) {
          const actions = binding.spec?.validationActions ?? [];
          if (actions.includes("Deny")) first ??= denied(attributes, policy, binding, denial);
          if (actions.includes("Warn"))
            attributes.warn(
              `Validation failed for ValidatingAdmissionPolicy '${policy.metadata.name}' with binding '${binding.metadata.name}': ${denial.message}`,
            );
        }
      }
      if (first) throw first;
    },
  };
}

function denials(
  { policy, params }: Invocation<ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding>,
  attributes: AdmissionAttributes,
  server: ServerContext,
  authorizer: Authorizer,
): Denial[] {
  const { spec } = policy;
  const { failurePolicy = "Fail", variables, validations } = spec;
  const own = { params: spec.paramKind !== undefined, authorizer: true };
  const declared = withVariables(variables, own);
  const values = valuesOf(attributes, server, authorizer, params);
  const failed = (error: unknown): Denial[] => {
    if (!(error instanceof ExpressionError)) throw error;
    return failurePolicy === "Ignore" ? [] : [{ message: error.message }];
  };
  try {
    if (!conditionsHold(spec.matchConditions, failurePolicy, own, values)) return [];
  } catch (error) {
    return failed(error);
  }
  const bound = bindVariables(variables, declared, values);
  return (validations ?? []).flatMap((validation) => {
    try {
      if (evaluateFor(validation.expression, declared, bound) === true) return [];
      return [
        {
          message: messageOf(validation, (source) => evaluateFor(source, declared, bound)),
          reason: validation.reason ?? "Invalid",
        },
      ];
    } catch (error) {
      return failed(error);
    }
  });
}

/** What the message's expression gives, if it is one line; else the message; else the expression. */
function messageOf({ expression, message = "", messageExpression }: Validation, evaluate: (source: string) => unknown): string {
  if (messageExpression) {
    try {
      const text = evaluate(messageExpression);
      const line = typeof text === "string" ? text.trim() : "";
      if (line && !line.includes("\n") && Buffer.byteLength(line) <= MAX_MESSAGE) return line;
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
    }
  }
  return message.trim() || `failed expression: ${expression.trim()}`;
}

function denied(
  attributes: AdmissionAttributes,
  policy: Named,
  binding: Named | undefined,
  { message, reason = "Invalid" }: Denial,
): ApiError {
  const which = binding ? ` with binding '${binding.metadata.name}'` : "";
  const text = `ValidatingAdmissionPolicy '${policy.metadata.name}'${which} denied request: ${message}`;
  const { status } = refuse(attributes, text, { message: text });
  return new ApiError({ ...status, reason: reason as typeof status.reason, code: CODES[reason] ?? 422 });
}
