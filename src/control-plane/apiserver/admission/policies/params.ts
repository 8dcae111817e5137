/**
 * The parameters that a binding names for its policy.
 *
 * @source staging/src/k8s.io/apiserver/pkg/admission/plugin/policy/generic/policy_dispatcher.go CollectParams v1.36
 */
import type { ParamKind, ParamRef } from "../../../../shared/api/generated/admissionregistration-v1.ts";
import type { Kind } from "../../../../shared/api/index.ts";
import type { KubeObject } from "../../../../shared/apimachinery/meta.ts";
import { selectorFromObject } from "../../../../shared/apimachinery/selectors.ts";
import type { ServerContext } from "../../types.ts";

/** A policy or binding that cannot be used as it is. */
export class ConfigurationError extends Error {}

/** undefined: the policy has no parameters. Throws ConfigurationError where the kind is not served. */
export function paramKindOf(paramKind: ParamKind | undefined, server: ServerContext): Kind<any> | undefined {
  if (!paramKind) return undefined;
  const { apiVersion = "", kind = "" } = paramKind;
  for (const one of server.kinds()) if (one.groupVersion === apiVersion && one.kind === kind) return one;
  throw new ConfigurationError(`failed to find resource referenced by paramKind: '${apiVersion}, Kind=${kind}'`);
}

/** With what a policy runs: once without parameters, once for each, or not at all. */
export function paramsOf(
  kind: Kind<any> | undefined,
  ref: ParamRef | undefined,
  namespace: string,
  server: ServerContext,
): (KubeObject | null)[] {
  if (!kind || !ref) return [null];
  const found = find(kind, ref, namespace, server);
  if (!found.length && ref.parameterNotFoundAction === "Deny")
    throw new ConfigurationError("no params found for policy binding with `Deny` parameterNotFoundAction");
  return found;
}

function find(kind: Kind<any>, ref: ParamRef, requestNamespace: string, server: ServerContext): KubeObject[] {
  const namespaced = kind.scope === "Namespaced";
  const namespace = ref.namespace || requestNamespace;
  if (namespaced && !namespace)
    throw new ConfigurationError("cannot use namespaced paramRef in policy binding that matches cluster-scoped resources");
  if (!namespaced && ref.namespace)
    throw new ConfigurationError("paramRef.namespace must not be provided for a cluster-scoped `paramKind`");
  const cache = server.cache<KubeObject>(kind);
  const typed = (object: KubeObject) => ({ ...object, apiVersion: kind.groupVersion, kind: kind.kind });
  if (ref.name) {
    const one = cache.get(namespaced ? `${namespace}/${ref.name}` : ref.name);
    return one ? [typed(one)] : [];
  }
  const selector = selectorFromObject(ref.selector ?? {});
  const all = [...cache.list()].filter((o) => !namespaced || o.metadata.namespace === namespace);
  return all.filter((o) => selector.matches(o.metadata.labels ?? {})).map(typed);
}
