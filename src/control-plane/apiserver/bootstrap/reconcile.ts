/**
 * Brings what an earlier start left behind in line with this one: where the server is reached, whom extension servers trust, and what
 * default roles lack. What somebody added stays; a role that says so is left alone.
 *
 * @source pkg/controlplane/reconcilers, pkg/registry/rbac/rest, staging/src/k8s.io/component-helpers/auth/rbac/reconciliation v1.36
 */
import { deepEqual } from "../../../shared/apimachinery/patch/index.ts";
import type {
  ConfigMap as ConfigMapObject,
  Endpoints as EndpointsObject,
  Service as ServiceObject,
} from "../../../shared/api/generated/core-v1.ts";
import type { EndpointSlice as SliceObject } from "../../../shared/api/generated/discovery-v1.ts";
import type { ClusterRole as RoleObject, ClusterRoleBinding as BindingObject } from "../../../shared/api/generated/rbac-v1.ts";
import {
  ClusterRole,
  ClusterRoleBinding,
  ConfigMap,
  Endpoints,
  EndpointSlice,
  Role,
  RoleBinding,
  Service,
} from "../../../shared/api/index.ts";
import type { Kind } from "../../../shared/api/kind.ts";
import { isConflict } from "../../../shared/apimachinery/errors.ts";
import { keyOf, type KubeObject } from "../../../shared/apimachinery/meta.ts";
import { missingRights } from "../authz/index.ts";
import type { ServerContext } from "../types.ts";

const AUTOUPDATE = "rbac.authorization.kubernetes.io/autoupdate";
const TRUST = "kube-system/extension-apiserver-authentication";

export interface Reconciliation {
  /** Further servers share the store: their addresses stay. */
  shared: boolean;
}

type Correct<T> = (existing: T, wanted: T, options: Reconciliation) => Partial<T>;

interface Rule {
  kind: Kind<any>;
  correct: Correct<any>;
}

const RULES: Record<string, Rule> = {
  Service: { kind: Service, correct: servicePorts },
  Endpoints: { kind: Endpoints, correct: subsets },
  EndpointSlice: { kind: EndpointSlice, correct: slice },
  ConfigMap: { kind: ConfigMap, correct: trust },
  ClusterRole: { kind: ClusterRole, correct: rules },
  Role: { kind: Role, correct: rules },
  ClusterRoleBinding: { kind: ClusterRoleBinding, correct: subjects },
  RoleBinding: { kind: RoleBinding, correct: subjects },
};

/** Of the wanted objects those that are there and differ in what matters. */
export async function reconcile(server: ServerContext, wanted: readonly KubeObject[], options: Reconciliation): Promise<void> {
  for (const object of wanted) {
    const rule = RULES[object.kind];
    if (!rule) continue;
    const existing = server.cache(rule.kind).get(keyOf(object.metadata));
    const next = existing && corrected(existing, object, options);
    // Who changes it meanwhile is right; the next start looks again.
    if (next) await server.client().update(rule.kind, next).catch(ignoreConflict);
  }
}

/** undefined: nothing to do. */
export function corrected(existing: KubeObject, wanted: KubeObject, options: Reconciliation): KubeObject | undefined {
  const change = RULES[wanted.kind]?.correct(existing, wanted, options) ?? {};
  const next = { ...existing, ...change };
  return deepEqual(next, existing) ? undefined : next;
}

function servicePorts({ spec }: ServiceObject, wanted: ServiceObject): Partial<ServiceObject> {
  const targets = new Map((wanted.spec.ports ?? []).map(({ port, targetPort }) => [port, targetPort]));
  const ports = (spec.ports ?? []).map(
    (port) => ({ ...port, targetPort: targets.get(port.port) ?? port.targetPort }) as typeof port,
  );
  return { spec: { ...spec, ports } };
}

function subsets(existing: EndpointsObject, wanted: EndpointsObject, { shared }: Reconciliation): Partial<EndpointsObject> {
  const [own] = wanted.subsets ?? [];
  const [first] = existing.subsets ?? [];
  if (!shared || !own || !first?.addresses) return { subsets: wanted.subsets };
  const others = first.addresses.filter(({ ip }) => ip !== own.addresses?.[0]?.ip);
  const addresses = others.length < first.addresses.length ? first.addresses : [...others, ...(own.addresses ?? [])];
  return { subsets: [{ ...first, addresses, ports: own.ports }] };
}

function slice(existing: SliceObject, wanted: SliceObject, { shared }: Reconciliation): Partial<SliceObject> {
  if (existing.addressType !== wanted.addressType) return {};
  const { endpoints = [], ports } = wanted;
  if (!shared) return { endpoints, ports };
  const known = new Set((existing.endpoints ?? []).flatMap(({ addresses = [] }) => addresses));
  const more = endpoints.filter(({ addresses }) => addresses?.some((address) => !known.has(address)));
  return { endpoints: [...(existing.endpoints ?? []), ...more], ports };
}

function trust(existing: ConfigMapObject, wanted: ConfigMapObject): Partial<ConfigMapObject> {
  return keyOf(wanted.metadata) === TRUST ? { data: { ...existing.data, ...wanted.data } } : {};
}

function rules(existing: RoleObject, wanted: RoleObject): Partial<RoleObject> {
  // Rules of an aggregated role are the sum of others.
  if (!isUpdated(existing) || wanted.aggregationRule) return {};
  const own = existing.rules ?? [];
  const missing = (wanted.rules ?? []).filter((rule) => missingRights(own, [rule]).length > 0);
  return missing.length > 0 ? { rules: [...own, ...missing] } : {};
}

function subjects(existing: BindingObject, wanted: BindingObject): Partial<BindingObject> {
  // To another role it was bound by somebody who deleted the default.
  if (!isUpdated(existing) || !deepEqual(existing.roleRef, wanted.roleRef)) return {};
  const own = existing.subjects ?? [];
  const same = (a: (typeof own)[number], b: (typeof own)[number]) =>
    a.kind === b.kind && a.name === b.name && (a.namespace ?? "") === (b.namespace ?? "");
  const missing = (wanted.subjects ?? []).filter((subject) => !own.some((o) => same(o, subject)));
  return missing.length > 0 ? { subjects: [...own, ...missing] } : {};
}

const isUpdated = ({ metadata }: KubeObject) => metadata.annotations?.[AUTOUPDATE] === "true";

function ignoreConflict(error: unknown): void {
  if (!isConflict(error)) throw error;
}
