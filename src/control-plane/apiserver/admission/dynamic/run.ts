/** Runs expressions for one request: its values, and how a failure is told. */
import { CelError } from "../../../../shared/apimachinery/cel/index.ts";
import {
  authorizerValue,
  resourceCheckValue,
  type AccessQuestion,
  type Ask,
} from "../../../../shared/apimachinery/cel/functions/authorizer.ts";
import { Namespace } from "../../../../shared/api/index.ts";
import type { KubeObject } from "../../../../shared/apimachinery/meta.ts";
import type { AdmissionAttributes, Authorizer, ServerContext, UserInfo } from "../../types.ts";
import { reviewOf } from "../webhook/review.ts";
import { compileFor, type Declared } from "../../../../shared/api/admissionregistration/expressions.ts";

export type Values = Readonly<Record<string, unknown>>;

/** An expression that did not compile or failed; the message says which and why. */
export class ExpressionError extends Error {}

export function valuesOf(
  attributes: AdmissionAttributes,
  server: ServerContext,
  authorizer: Authorizer | undefined,
  params?: KubeObject | null,
): Values {
  const { object, oldObject, namespace, kind } = attributes;
  const isNamespace = kind.group === "" && kind.plural === "namespaces";
  return {
    object: object ?? null,
    oldObject: oldObject ?? null,
    get request() {
      const { uid: _, object: __, oldObject: ___, ...request } = reviewOf(attributes, "").request!;
      return request;
    },
    get namespaceObject() {
      return namespace && !isNamespace ? (server.cache(Namespace).get(namespace) ?? null) : null;
    },
    params: params ?? null,
    ...(authorizer && { authorizer: authorizerOf(attributes, authorizer) }),
  };
}

function authorizerOf(attributes: AdmissionAttributes, authorizer: Authorizer): unknown {
  const ask: Ask = (question, verb) => answer(attributes.user, authorizer, question, verb);
  const { kind, subresource, namespace, name } = attributes;
  const own = { group: kind.group, resource: kind.plural, subresource, namespace, name };
  return Object.assign(authorizerValue(ask), { members: { requestResource: resourceCheckValue(ask, own) } });
}

function answer(user: UserInfo, authorizer: Authorizer, question: AccessQuestion, verb: string) {
  const { path, group = "", resource = "", subresource = "", namespace = "", name = "", serviceAccount } = question;
  const { fieldSelector, labelSelector } = question;
  const decision = authorizer.authorize({
    user: serviceAccount ? accountOf(serviceAccount) : user,
    verb,
    resourceRequest: path === undefined,
    path: path ?? "",
    group,
    version: "*",
    resource,
    subresource,
    namespace,
    name,
    ...(fieldSelector && { fieldSelector }),
    ...(labelSelector && { labelSelector }),
  });
  // Expressions do not wait: an authorizer that does cannot be asked.
  if (decision instanceof Promise)
    return { decision: "no-opinion" as const, reason: "", error: "the authorizer does not answer at once" };
  return decision;
}

function accountOf({ namespace, name }: { namespace: string; name: string }): UserInfo {
  return {
    name: `system:serviceaccount:${namespace}:${name}`,
    groups: ["system:serviceaccounts", `system:serviceaccounts:${namespace}`, "system:authenticated"],
  };
}

/** Throws ExpressionError. */
export function evaluateFor(source: string, declared: Declared, values: Values): unknown {
  const compiled = compileFor(source, declared);
  if (!("program" in compiled)) throw new ExpressionError(`compilation error: compilation failed: ${compiled.text}`);
  try {
    return compiled.program.evaluate(values);
  } catch (error) {
    if (!(error instanceof CelError)) throw error;
    throw new ExpressionError(`expression '${source}' resulted in error: ${error.message}`);
  }
}
