/**
 * serviceaccounts/token: signs a token for an account, bound to a pod, a secret or a node where that is asked for.
 *
 * @source pkg/registry/core/serviceaccount/storage/token.go v1.36
 */
import type { TokenRequest } from "../../../shared/api/generated/authentication-v1.ts";
import { Node, Pod, Secret, ServiceAccount, type Kind } from "../../../shared/api/index.ts";
import { badRequest, conflict, invalid, notFound } from "../../../shared/apimachinery/errors.ts";
import { invalidValue, type FieldError } from "../../../shared/apimachinery/field-error.ts";
import type { KubeObject } from "../../../shared/apimachinery/meta.ts";
import { formatTime, type Random } from "../../../shared/lib/platform.ts";
import type { CallContext, ServerContext, VirtualResource } from "../types.ts";
import {
  issueServiceAccountToken,
  type BoundReference,
  type KubernetesClaims,
  type ServiceAccountTokenOptions,
} from "./service-account-tokens.ts";

const KIND = { group: "authentication.k8s.io", resource: "TokenRequest" };
const MIN_SECONDS = 600;
const MAX_SECONDS = 2 ** 32;
const DEFAULT_SECONDS = 3600;
/** A pod's own token asks for this odd lifetime: it may be used for a year, with a trace in the audit log after the hour. */
const WARN_ONLY_SECONDS = 3607;
const EXTENDED_SECONDS = 365 * 24 * 3600;

export function tokenRequest(options: ServiceAccountTokenOptions, random: Random): VirtualResource {
  return {
    setDefaults(object) {
      const { spec } = object as TokenRequest;
      if (!spec) return;
      spec.expirationSeconds ??= DEFAULT_SECONDS;
    },
    async create(object, context) {
      const request = object as TokenRequest;
      const account = accountFor(request, context);
      const { audiences, expirationSeconds = DEFAULT_SECONDS, boundObjectRef } = request.spec ?? {};
      const errors = lifetimeErrors(expirationSeconds);
      if (errors.length) throw invalid(KIND, "", errors);
      const spec = { ...request.spec, audiences: audiences?.length ? audiences : [...options.audiences], expirationSeconds };
      const bound = boundObjectRef ? bind(boundObjectRef, account, context.server) : {};
      const now = Math.floor(context.now / 1000);
      const token = await issueServiceAccountToken(options, {
        ...lifetime(
          expirationSeconds,
          bound,
          now,
          spec.audiences.every((a) => options.audiences.includes(a)),
        ),
        kubernetes: { ...claimsOf(account), ...bound },
        audiences: spec.audiences,
        now,
        id: random.uuid(),
      });
      const { name, namespace, uid } = account.metadata;
      return {
        ...request,
        metadata: { ...request.metadata, name, namespace, uid, creationTimestamp: formatTime(context.now) },
        spec,
        status: { token, expirationTimestamp: formatTime((now + expirationSeconds) * 1000) },
      } as TokenRequest;
    },
  };
}

function accountFor(
  { metadata = {} as TokenRequest["metadata"] }: TokenRequest,
  { name, namespace, server }: CallContext,
): ServiceAccount {
  if (metadata.name && metadata.name !== name) {
    throw invalid(KIND, name, [invalidValue("metadata.name", metadata.name, "must match the service account name if specified")]);
  }
  if (metadata.namespace && metadata.namespace !== namespace) {
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  }
  const account = find(server, ServiceAccount, namespace, name);
  if (metadata.uid && metadata.uid !== account.metadata.uid) {
    throw conflict(
      KIND,
      name,
      `the UID in the token request (${metadata.uid}) does not match the UID of the service account (${account.metadata.uid})`,
    );
  }
  return account;
}

function find<T extends KubeObject>(server: ServerContext, kind: Kind<T>, namespace: string, name: string): T {
  const object = server.cache(kind).get(namespace ? `${namespace}/${name}` : name);
  if (!object) throw notFound({ group: kind.group, resource: kind.plural }, name);
  return object;
}

function lifetimeErrors(seconds: number): FieldError[] {
  const field = "spec.expirationSeconds";
  if (seconds < MIN_SECONDS) return [invalidValue(field, seconds, "may not specify a duration less than 10 minutes")];
  if (seconds > MAX_SECONDS) return [invalidValue(field, seconds, "may not specify a duration larger than 2^32 seconds")];
  return [];
}

type Bound = Pick<KubernetesClaims, "pod" | "node" | "secret" | "warnafter">;

function bind(ref: NonNullable<TokenRequest["spec"]["boundObjectRef"]>, account: ServiceAccount, server: ServerContext): Bound {
  const { apiVersion = "", kind = "", name = "" } = ref;
  const namespace = account.metadata.namespace!;
  const isCore = apiVersion === "" || apiVersion === "v1";
  if (isCore && kind === "Pod") {
    const pod = find(server, Pod, namespace, name);
    if ((pod.spec.serviceAccountName ?? "") !== account.metadata.name) {
      throw badRequest(
        `cannot bind token for serviceaccount ${JSON.stringify(account.metadata.name)} to pod running with different serviceaccount name.`,
      );
    }
    return { pod: checked(ref, pod), ...(pod.spec.nodeName && { node: nodeOf(pod.spec.nodeName, server) }) };
  }
  if (isCore && kind === "Secret") return { secret: checked(ref, find(server, Secret, namespace, name)) };
  if (isCore && kind === "Node") return { node: checked(ref, find(server, Node, "", name)) };
  const [group, version] = apiVersion.includes("/") ? apiVersion.split("/", 2) : ["", apiVersion];
  throw badRequest(`cannot bind token to object of type ${group}/${version}, Kind=${kind}`);
}

function checked(ref: { kind?: string; uid?: string }, { metadata }: KubeObject): BoundReference {
  if (ref.uid && ref.uid !== metadata.uid) {
    const cause = `the UID in the bound object reference (${ref.uid}) does not match the UID in record. The object might have been deleted and then recreated`;
    throw conflict({ group: "", resource: ref.kind ?? "" }, metadata.name!, cause);
  }
  return { name: metadata.name!, uid: metadata.uid };
}

/** A node that is gone is named all the same. */
function nodeOf(name: string, server: ServerContext): BoundReference {
  const node = server.cache(Node).get(name);
  return { name, ...(node && { uid: node.metadata.uid }) };
}

function claimsOf({ metadata }: ServiceAccount): KubernetesClaims {
  return { namespace: metadata.namespace!, serviceaccount: { name: metadata.name!, uid: metadata.uid } };
}

function lifetime(seconds: number, bound: Bound, now: number, isForThisServer: boolean): { expirationSeconds: number } {
  if (!bound.pod || seconds !== WARN_ONLY_SECONDS || !isForThisServer) return { expirationSeconds: seconds };
  bound.warnafter = now + seconds;
  return { expirationSeconds: EXTENDED_SECONDS };
}
