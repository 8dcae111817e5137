/**
 * Service-account tokens: signed claims that are good for as long as what they are bound to is there.
 *
 * The signature is checked once a token; whether account, pod, secret or node still are the ones of the claims is looked up in the
 * server's own caches every time, which costs a few map reads and lets a deletion count at once.
 *
 * @source pkg/serviceaccount/{claims,jwt}.go v1.36
 */
import { Node, Pod, Secret, ServiceAccount, type Kind } from "../../../shared/api/index.ts";
import type { KubeObject } from "../../../shared/apimachinery/meta.ts";
import type { ServiceAccountKeys, SigningKey } from "../../../shared/component/pki/index.ts";
import { parseTime } from "../../../shared/lib/platform.ts";
import type { ServerContext, UserInfo } from "../types.ts";
import { CREDENTIAL_ID } from "./groups.ts";
import { isSignedWith, peekClaims, signToken, type Claims } from "./jwt.ts";
import type { TokenAnswer, TokenAuthenticator } from "./tokens.ts";

export interface BoundReference {
  name: string;
  uid?: string;
}

/** The `kubernetes.io` claim. */
export interface KubernetesClaims {
  namespace: string;
  serviceaccount: BoundReference;
  pod?: BoundReference;
  secret?: BoundReference;
  node?: BoundReference;
  warnafter?: number;
}

export interface ServiceAccountTokenOptions {
  issuer: string;
  /** Whom a token must be for to be good here. */
  audiences: readonly string[];
  keys: ServiceAccountKeys;
}

const KUBERNETES = "kubernetes.io";
const LEEWAY_SECONDS = 60;
const REMEMBERED = 10_000;

export interface TokenSubject {
  kubernetes: KubernetesClaims;
  audiences: readonly string[];
  expirationSeconds: number;
  /** Seconds since the epoch. */
  now: number;
  id: string;
}

export async function issueServiceAccountToken(options: ServiceAccountTokenOptions, subject: TokenSubject): Promise<string> {
  const { kubernetes, audiences, expirationSeconds, now, id } = subject;
  const claims: Claims = {
    aud: [...audiences],
    exp: now + expirationSeconds,
    iat: now,
    iss: options.issuer,
    jti: id,
    [KUBERNETES]: kubernetes,
    nbf: now,
    sub: `system:serviceaccount:${kubernetes.namespace}:${kubernetes.serviceaccount.name}`,
  };
  return signToken(claims, await options.keys.get());
}

export function serviceAccountTokens(options: ServiceAccountTokenOptions, server: () => ServerContext): TokenAuthenticator {
  const verified = new Map<string, Claims>();
  const check = (token: string, key: SigningKey, audiences: readonly string[]): TokenAnswer => {
    const claims = verified.get(token) ?? verify(token, key);
    if (!claims) return { error: "go-jose/go-jose: error in cryptographic primitive" };
    if (verified.size >= REMEMBERED) verified.clear();
    verified.set(token, claims);
    return answerFor(claims, audiences, server());
  };
  return {
    authenticateToken(token, audiences = options.audiences) {
      if (!verified.has(token) && peekClaims(token)?.iss !== options.issuer) return undefined;
      const key = options.keys.peek();
      return key ? check(token, key, audiences) : options.keys.get().then((k) => check(token, k, audiences));
    },
  };
}

function verify(token: string, key: SigningKey): Claims | undefined {
  return isSignedWith(token, key) ? (peekClaims(token) as Claims) : undefined;
}

function answerFor(claims: Claims, wanted: readonly string[], server: ServerContext): TokenAnswer {
  const audiences = claims.aud.filter((a) => wanted.includes(a));
  if (!audiences.length)
    return { error: `token audiences ${quoteAll(claims.aud)} is invalid for the target audiences ${quoteAll(wanted)}` };
  const now = server.now() / 1000;
  if (now > claims.exp + LEEWAY_SECONDS) return { error: "service account token has expired" };
  if (now < claims.nbf - LEEWAY_SECONDS) return { error: "service account token is not valid yet" };
  const bound = claims[KUBERNETES] as KubernetesClaims;
  const fault = whatIsGone(bound, server, now);
  return fault ? { error: fault } : { user: userOf(bound, claims.jti), audiences };
}

/** A list of strings as Go's `%q` prints it. */
const quoteAll = (values: readonly string[]) => `[${values.map((v) => JSON.stringify(v)).join(" ")}]`;

function whatIsGone(
  { namespace, serviceaccount, secret, pod, node }: KubernetesClaims,
  server: ServerContext,
  now: number,
): string | undefined {
  const account = server.cache(ServiceAccount).get(`${namespace}/${serviceaccount.name}`);
  if (!account) return `serviceaccounts ${JSON.stringify(serviceaccount.name)} not found`;
  if (account.metadata.uid !== serviceaccount.uid) {
    return `service account UID (${account.metadata.uid}) does not match claim (${serviceaccount.uid})`;
  }
  if (isDeleted(account, now)) return `service account ${namespace}/${serviceaccount.name} has been deleted`;
  return (
    boundFault(server, Secret, namespace, secret, now) ??
    boundFault(server, Pod, namespace, pod, now) ??
    (pod ? undefined : boundFault(server, Node, "", node, now))
  );
}

function boundFault(
  server: ServerContext,
  kind: Kind<any>,
  namespace: string,
  ref: BoundReference | undefined,
  now: number,
): string | undefined {
  if (!ref) return undefined;
  const object = server.cache<KubeObject>(kind).get(namespace ? `${namespace}/${ref.name}` : ref.name);
  if (!object || isDeleted(object, now)) return "service account token has been invalidated";
  if (object.metadata.uid === ref.uid) return undefined;
  return `${kind.kind === "Pod" ? "pod" : kind.kind} UID (${object.metadata.uid}) does not match service account ${kind.singular} ref claim (${ref.uid})`;
}

/** What is being deleted counts for a minute longer: clocks differ. */
function isDeleted({ metadata }: KubeObject, now: number): boolean {
  return metadata.deletionTimestamp !== undefined && parseTime(metadata.deletionTimestamp) / 1000 < now - LEEWAY_SECONDS;
}

function userOf({ namespace, serviceaccount, pod, node }: KubernetesClaims, id: string | undefined): UserInfo {
  const extra: Record<string, string[]> = {};
  const note = (key: string, value: string | undefined) => value && (extra[`authentication.kubernetes.io/${key}`] = [value]);
  if (id) extra[CREDENTIAL_ID] = [`JTI=${id}`];
  note("node-name", node?.name);
  note("node-uid", node?.uid);
  note("pod-name", pod?.name);
  note("pod-uid", pod?.uid);
  return {
    name: `system:serviceaccount:${namespace}:${serviceaccount.name}`,
    ...(serviceaccount.uid && { uid: serviceaccount.uid }),
    groups: ["system:serviceaccounts", `system:serviceaccounts:${namespace}`],
    ...(Object.keys(extra).length && { extra }),
  };
}
