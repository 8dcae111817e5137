/** Which policies, with which bindings and parameters, are for a request. */
import type { MatchResources, ParamKind, ParamRef } from "../../../../shared/api/generated/admissionregistration-v1.ts";
import type { KubeObject } from "../../../../shared/apimachinery/meta.ts";
import type { AdmissionAttributes, ServerContext } from "../../types.ts";
import { matches } from "../dynamic/match.ts";
import { ConfigurationError, paramKindOf, paramsOf } from "./params.ts";

interface Policy extends KubeObject {
  spec?: { matchConstraints?: MatchResources; paramKind?: ParamKind; failurePolicy?: string };
}

interface Binding extends KubeObject {
  spec?: { policyName?: string; paramRef?: ParamRef; matchResources?: MatchResources };
}

export interface Invocation<P, B> {
  policy: P;
  binding: B;
  params: KubeObject | null;
}

/** A policy that cannot be used as it is configured, with its binding where that is at fault. */
export interface Misconfigured<P, B> {
  policy: P;
  binding?: B;
  message: string;
}

export interface Active<P, B> {
  invocations: Invocation<P, B>[];
  /** Only of policies whose failures matter. */
  failures: Misconfigured<P, B>[];
}

const byName = <T extends KubeObject>(objects: Iterable<T>) =>
  [...objects].sort((a, b) => ((a.metadata.name ?? "") < (b.metadata.name ?? "") ? -1 : 1));

export function activePolicies<P extends Policy, B extends Binding>(
  policies: Iterable<P>,
  bindings: () => Iterable<B>,
  attributes: AdmissionAttributes,
  server: ServerContext,
): Active<P, B> {
  const found: Active<P, B> = { invocations: [], failures: [] };
  for (const policy of byName(policies)) {
    const spec = policy.spec ?? {};
    const isFor = (wanted: MatchResources | undefined) => !wanted || resourcesMatch(wanted, attributes, server);
    if (!spec.matchConstraints || !isFor(spec.matchConstraints)) continue;
    const fail = (error: unknown, binding?: B): void => {
      if (!(error instanceof ConfigurationError)) throw error;
      const message = `failed to configure ${binding ? "binding" : "policy"}: ${error.message}`;
      if (spec.failurePolicy !== "Ignore") found.failures.push({ policy, ...(binding && { binding }), message });
    };
    const own = byName(bindings()).filter((b) => b.spec?.policyName === policy.metadata.name);
    if (!own.length) continue;
    let kind;
    try {
      kind = paramKindOf(spec.paramKind, server);
    } catch (error) {
      fail(error);
      continue;
    }
    for (const binding of own) {
      if (!isFor(binding.spec?.matchResources)) continue;
      try {
        for (const params of paramsOf(kind, binding.spec?.paramRef, attributes.namespace, server))
          found.invocations.push({ policy, binding, params });
      } catch (error) {
        fail(error, binding);
      }
    }
  }
  return found;
}

/** Bindings may leave the rules out: they match what their policy matches. */
function resourcesMatch(wanted: MatchResources, attributes: AdmissionAttributes, server: ServerContext): boolean {
  const { resourceRules, excludeResourceRules: exclude, namespaceSelector, objectSelector, matchPolicy } = wanted;
  const rules = resourceRules?.length ? resourceRules : [EVERYTHING];
  return matches(
    {
      rules,
      ...(exclude && { exclude }),
      ...(namespaceSelector && { namespaceSelector }),
      ...(objectSelector && { objectSelector }),
      ...(matchPolicy && { matchPolicy: matchPolicy as "Exact" }),
    },
    attributes,
    server,
  );
}

const EVERYTHING = { apiGroups: ["*"], apiVersions: ["*"], resources: ["*/*"], operations: ["*"] };
