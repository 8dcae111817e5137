/**
 * Impersonation: a caller asks in headers to be treated as somebody else, and must be allowed to.
 *
 * There are five ways to be allowed, tried in this order, but first the one that last worked for the caller (which is also the one whose
 * refusal is told). The constrained ones need two rights: to be that somebody (`impersonate:MODE` on users, nodes, …) and to do this very
 * thing as them (`impersonate-on:MODE:VERB`). The legacy one needs `impersonate` alone, which then holds for everything.
 *
 * @source staging/src/k8s.io/apiserver/pkg/endpoints/filters/impersonation v1.36
 */
import { badRequest, isApiError } from "../../../shared/apimachinery/errors.ts";
import { isDNS1123Subdomain, validateDomainPrefixedPath } from "../../../shared/apimachinery/validation.ts";
import { forbiddenRequest } from "../authz/index.ts";
import type { AccessAttributes, Authorizer, Credentials, Impersonation, UserInfo } from "../types.ts";
import { ANONYMOUS, AUTHENTICATED, UNAUTHENTICATED } from "./groups.ts";
import { headerValues, unescapeKey } from "./headers.ts";
import { splitServiceAccountName } from "./service-account-names.ts";

const GROUP = "authentication.k8s.io";
const NODE_PREFIX = "system:node:";
const REMEMBERED = 10_000;
/** From this many values on a right to all of them is asked for first. */
const MANY = 4;

interface Mode {
  name: string;
  /** Whether this way is open for such a wish at all. */
  applies(wanted: UserInfo, caller: UserInfo): boolean;
}

const modes: readonly Mode[] = [
  { name: "associated-node", applies: (wanted, caller) => isPlain(wanted) && isNodeOf(caller, wanted.name) },
  { name: "arbitrary-node", applies: (wanted) => isPlain(wanted) && nodeName(wanted.name) !== undefined },
  { name: "serviceaccount", applies: (wanted) => isPlain(wanted) && splitServiceAccountName(wanted.name) !== undefined },
  { name: "user-info", applies: ({ name }) => nodeName(name) === undefined && splitServiceAccountName(name) === undefined },
  { name: "legacy", applies: () => true },
];

export function impersonation(authorizer: Authorizer): Impersonation {
  const lastMode = new Map<string, Mode>();
  return {
    impersonate(headers, attributes) {
      const wanted = wantedUser(headers);
      return wanted && become(wanted, attributes);
    },
  };

  async function become(wanted: UserInfo, attributes: AccessAttributes): Promise<UserInfo> {
    const caller = attributes.user;
    const last = lastMode.get(caller.name);
    let refusal: unknown;
    for (const mode of new Set(last ? [last, ...modes] : modes)) {
      if (!mode.applies(wanted, caller)) continue;
      try {
        const user = await check(mode, wanted, attributes);
        if (lastMode.size >= REMEMBERED) lastMode.clear();
        lastMode.set(caller.name, mode);
        return user;
      } catch (error) {
        if (!isApiError(error)) throw error;
        refusal ??= error;
      }
    }
    throw refusal;
  }

  async function check(mode: Mode, wanted: UserInfo, attributes: AccessAttributes): Promise<UserInfo> {
    const constrained = mode.name !== "legacy";
    const caller = attributes.user;
    const ask = { ...nothingAsked, user: caller, verb: constrained ? `impersonate:${mode.name}` : "impersonate" };
    const group = constrained ? GROUP : "";
    if (constrained) await must({ ...attributes, verb: `impersonate-on:${mode.name}:${attributes.verb}` });
    const { target, groups } = targetOf(wanted, constrained);
    await must({ ...ask, group, ...target, ...(mode.name === "associated-node" && { name: "*" }) });
    if (wanted.uid) await must({ ...ask, group: GROUP, resource: "uids", name: wanted.uid });
    await mayHaveGroups({ ...ask, group, resource: "groups" }, wanted.groups, constrained);
    await mayHaveExtra({ ...ask, group: GROUP, resource: "userextras" }, wanted.extra ?? {}, constrained);
    return { ...wanted, groups: withOwnGroup(wanted.name, groups) };
  }

  async function must(attributes: AccessAttributes): Promise<void> {
    const { decision, reason } = await authorizer.authorize(attributes);
    if (decision !== "allow") throw forbiddenRequest(attributes, reason);
  }

  async function may(attributes: AccessAttributes): Promise<boolean> {
    return (await authorizer.authorize(attributes)).decision === "allow";
  }

  async function mayHaveGroups(ask: AccessAttributes, groups: readonly string[], constrained: boolean): Promise<void> {
    if (constrained && groups.includes("")) throw forbiddenRequest(ask, "impersonating the empty string group is not allowed");
    if (constrained && groups.includes("system:masters")) {
      throw forbiddenRequest({ ...ask, name: "system:masters" }, "impersonating the system:masters group is not allowed");
    }
    if (constrained && groups.length >= MANY && (await may({ ...ask, name: "*" }))) return;
    for (const name of groups) await must({ ...ask, name });
  }

  async function mayHaveExtra(ask: AccessAttributes, extra: NonNullable<UserInfo["extra"]>, constrained: boolean): Promise<void> {
    const pairs = Object.entries(extra).flatMap(([key, values]) => values.map((value) => [key, value] as const));
    const fault = constrained ? extraFault(extra) : undefined;
    if (fault) throw forbiddenRequest(ask, fault);
    if (constrained && pairs.length >= MANY && (await may({ ...ask, subresource: "*", name: "*" }))) return;
    for (const [subresource, name] of pairs) await must({ ...ask, subresource, name });
  }
}

const nothingAsked = {
  path: "",
  group: "",
  version: "v1",
  resource: "",
  subresource: "",
  namespace: "",
  name: "",
  resourceRequest: true,
};

/** Reads the headers; groups and extra as given, nothing added yet. */
function wantedUser(headers: Credentials["headers"]): UserInfo | undefined {
  const name = headers["impersonate-user"] ?? "";
  const uid = headers["impersonate-uid"] ?? "";
  const groups = headerValues(headers["impersonate-group"]);
  const extra: Record<string, string[]> = {};
  for (const header in headers) {
    if (header.startsWith("impersonate-extra-"))
      extra[unescapeKey(header.slice("impersonate-extra-".length))] = headerValues(headers[header]);
  }
  const hasExtra = Object.keys(extra).length > 0;
  if (name) return { name, groups, ...(uid && { uid }), ...(hasExtra && { extra }) };
  if (!uid && !groups.length && !hasExtra) return undefined;
  throw badRequest(`requested ${goUser(uid, groups, extra)} without impersonating a user name`);
}

/** A user as Go's `%#v` prints it. */
function goUser(uid: string, groups: readonly string[], extra: Readonly<Record<string, readonly string[]>>): string {
  const q = JSON.stringify;
  const list = (values: readonly string[]) =>
    values.length ? `[]string{${values.map((v) => q(v)).join(", ")}}` : "[]string(nil)";
  const pairs = Object.keys(extra)
    .sort()
    .map((key) => `${q(key)}:${list(extra[key]!)}`);
  const map = pairs.length ? `map[string][]string{${pairs.join(", ")}}` : "map[string][]string(nil)";
  return `&user.DefaultInfo{Name:"", UID:${q(uid)}, Groups:${list(groups)}, Extra:${map}}`;
}

const isPlain = ({ uid, groups, extra }: UserInfo) => !uid && groups.length === 0 && !extra;

function nodeName(user: string): string | undefined {
  const name = user.startsWith(NODE_PREFIX) ? user.slice(NODE_PREFIX.length) : "";
  return name && isDNS1123Subdomain(name).length === 0 ? name : undefined;
}

/** The caller is a service account whose token says that it runs on this node. */
function isNodeOf(caller: UserInfo, wanted: string): boolean {
  const node = nodeName(wanted);
  const own = caller.extra?.["authentication.kubernetes.io/node-name"];
  return node !== undefined && splitServiceAccountName(caller.name) !== undefined && own?.length === 1 && own[0] === node;
}

interface Target {
  target: Pick<AccessAttributes, "resource" | "name" | "namespace">;
  groups: readonly string[];
}

/** What the right is asked on, and the groups that come with the name. */
function targetOf({ name, groups }: UserInfo, constrained: boolean): Target {
  const node = constrained ? nodeName(name) : undefined;
  if (node !== undefined) return { target: { resource: "nodes", name: node, namespace: "" }, groups: ["system:nodes"] };
  const account = splitServiceAccountName(name);
  if (!account) return { target: { resource: "users", name, namespace: "" }, groups };
  const fixed = ["system:serviceaccounts", `system:serviceaccounts:${account.namespace}`];
  return { target: { resource: "serviceaccounts", ...account }, groups: groups.length ? groups : fixed };
}

function withOwnGroup(name: string, groups: readonly string[]): readonly string[] {
  const own = name === ANONYMOUS ? UNAUTHENTICATED : AUTHENTICATED;
  return groups.includes(own) || groups.includes(UNAUTHENTICATED) ? groups : [...groups, own];
}

function extraFault(extra: NonNullable<UserInfo["extra"]>): string | undefined {
  for (const [key, values] of Object.entries(extra)) {
    if (!key) return "impersonating the empty string key in extra is not allowed";
    const [wrong] = validateDomainPrefixedPath("extra.key", key);
    if (wrong) return `impersonating an invalid key in extra is not allowed: ${wrong.field}: ${wrong.message}`;
    if (key !== key.toLowerCase()) return `impersonating a non-lowercase key in extra is not allowed: ${JSON.stringify(key)}`;
    if (values.includes("")) return "impersonating the empty string value in extra is not allowed";
  }
  return undefined;
}
