/**
 * Roles and bindings as the authorizer asks for them: bindings by subject, roles compiled.
 *
 * Kept by the server's own caches, one change at a time, so that a decision looks up a handful of subjects and never walks all bindings;
 * and what was found for a user (the same object as long as authentication remembers it) is kept until the next change.
 *
 *   Group "dev" bound in namespace "a" to Role "r"        bindings.get("a\0Group\0dev") → { binding, role: "a/r" }
 *   ServiceAccount "x/y" bound in the whole cluster       bindings.get("\0ServiceAccount\0x/y") → …
 */
import type { PolicyRule, RoleRef, Subject } from "../../../shared/api/generated/rbac-v1.ts";
import { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from "../../../shared/api/index.ts";
import type { Kind } from "../../../shared/api/index.ts";
import { keyOf, type KubeObject } from "../../../shared/apimachinery/meta.ts";
import type { AccessDecision, ServerContext, UserInfo } from "../types.ts";
import { compileRule, type CompiledRule } from "./rules.ts";

type Binding = RoleBinding | ClusterRoleBinding;

/** Namespaces a user; they are the caller's to name. */
const MAX_REMEMBERED = 1000;
const SERVICE_ACCOUNT_PREFIX = "system:serviceaccount:";

/** What a binding gives a user. */
export interface Grant {
  binding: Binding;
  /** Of its role, or why there are none. */
  rules: readonly CompiledRule[] | Error;
  /** The decision where one of the rules allows, once it was made. */
  allowed?: AccessDecision;
}

export interface RbacIndex {
  /** What names this user in the whole cluster and, where one is given, in the namespace; each binding once. */
  grantsOf(user: UserInfo, namespace: string): readonly Grant[];
  /** The rules a reference stands for, or why there are none. */
  rulesOf(ref: RoleRef, namespace: string): readonly CompiledRule[] | Error;
  close(): void;
}

export function indexRbac(server: ServerContext): RbacIndex {
  const roles = new Map<string, readonly CompiledRule[]>();
  const bindings = new Map<string, Map<string, Binding>>();
  let remembered = new WeakMap<UserInfo, Map<string, readonly Grant[]>>();
  const changes = <T extends KubeObject>(kind: Kind<T>, added: (o: T) => void, removed: (o: T) => void) =>
    follow(server, kind, added, removed, () => (remembered = new WeakMap()));
  const closers = [
    changes(
      ClusterRole,
      (role) => roles.set(role.metadata.name!, compile(role.rules)),
      (role) => roles.delete(role.metadata.name!),
    ),
    changes(
      Role,
      (role) => roles.set(keyOf(role.metadata), compile(role.rules)),
      (role) => roles.delete(keyOf(role.metadata)),
    ),
    changes(
      ClusterRoleBinding,
      (b) => put(bindings, b),
      (b) => remove(bindings, b),
    ),
    changes(
      RoleBinding,
      (b) => put(bindings, b),
      (b) => remove(bindings, b),
    ),
  ];
  const rulesOf = ({ kind, name }: RoleRef, namespace: string) => {
    const found = roles.get(kind === "Role" ? `${namespace}/${name}` : name);
    return found ?? new Error(`${kind.toLowerCase()}.rbac.authorization.k8s.io ${JSON.stringify(name)} not found`);
  };
  const grantsIn = (user: UserInfo, namespace: string): Grant[] => {
    const found = [...subjectsOf(user)].flatMap((subject) => [...(bindings.get(`${namespace}\0${subject}`)?.values() ?? [])]);
    return [...new Set(found)].map((binding) => ({ binding, rules: rulesOf(binding.roleRef, namespace) }));
  };
  return {
    grantsOf(user, namespace) {
      let known = remembered.get(user);
      if (!known) remembered.set(user, (known = new Map()));
      let grants = known.get(namespace);
      if (!grants) {
        if (known.size >= MAX_REMEMBERED) known.clear();
        grants = [...grantsIn(user, ""), ...(namespace ? grantsIn(user, namespace) : [])];
        known.set(namespace, grants);
      }
      return grants;
    },
    rulesOf,
    close: () => closers.forEach((close) => close()),
  };
}

const compile = (rules: readonly PolicyRule[] | undefined) => (rules ?? []).map(compileRule);

function follow<T extends KubeObject>(
  server: ServerContext,
  kind: Kind<T>,
  added: (o: T) => void,
  removed: (o: T) => void,
  changed: () => void,
): () => void {
  const cache = server.cache(kind);
  const close = cache.subscribe((type, object, old) => {
    changed();
    if (type !== "ADDED") removed(old ?? object);
    if (type !== "DELETED") added(object);
  });
  for (const object of cache.list()) added(object);
  return close;
}

function put(bindings: Map<string, Map<string, Binding>>, binding: Binding): void {
  for (const key of keysOf(binding)) {
    const there = bindings.get(key) ?? new Map<string, Binding>();
    bindings.set(key, there.set(binding.metadata.name!, binding));
  }
}

function remove(bindings: Map<string, Map<string, Binding>>, binding: Binding): void {
  for (const key of keysOf(binding)) {
    const there = bindings.get(key);
    there?.delete(binding.metadata.name!);
    if (there?.size === 0) bindings.delete(key);
  }
}

function keysOf({ metadata, subjects }: Binding): string[] {
  const namespace = metadata.namespace ?? "";
  return (subjects ?? []).map((s) => `${namespace}\0${subjectKey(s, namespace)}`);
}

/** A service account without a namespace is one of the binding's namespace. */
function subjectKey(subject: Subject, bindingNamespace: string): string {
  if (subject.kind !== "ServiceAccount") return `${subject.kind}\0${subject.name}`;
  return `ServiceAccount\0${subject.namespace || bindingNamespace}/${subject.name}`;
}

function* subjectsOf(user: UserInfo): Generator<string> {
  yield `User\0${user.name}`;
  if (user.name.startsWith(SERVICE_ACCOUNT_PREFIX))
    yield `ServiceAccount\0${user.name.slice(SERVICE_ACCOUNT_PREFIX.length).replace(":", "/")}`;
  for (const group of user.groups) yield `Group\0${group}`;
}

/** The first subject of a binding that this user is. */
export function subjectFor(user: UserInfo, binding: Binding): Subject | undefined {
  const mine = new Set(subjectsOf(user));
  return binding.subjects?.find((s) => mine.has(subjectKey(s, binding.metadata.namespace ?? "")));
}
