/**
 * Security of the API server in one place: who is asking, whether they may, what is changed or refused on the way in, and the objects a
 * fresh server starts with. The composition of the server calls `createSecurity`, and `start` once its caches can be read.
 */
import { X509Certificate } from "node:crypto";
import type { ClusterPki } from "../../shared/component/pki/index.ts";
import type { KubeObject } from "../../shared/apimachinery/meta.ts";
import { invariant } from "../../shared/lib/invariant.ts";
import type { Platform } from "../../shared/lib/platform.ts";
import { admissionPlugins } from "./admission/index.ts";
import {
  bearerAuthenticator,
  bootstrapTokens,
  certificateAuthenticator,
  FRONT_PROXY_CLIENT,
  impersonation,
  issuerDocuments,
  orAnonymous,
  requestHeaderAuthenticator,
  selfSubjectReview,
  serviceAccountTokens,
  staticTokens,
  tokenRequest,
  tokenReview,
  unionAuthenticator,
  unionTokens,
} from "./authn/index.ts";
import {
  accessReview,
  indexRbac,
  rbacAuthorizer,
  rulesReview,
  superuserAuthorizer,
  unionAuthorizer,
  type RbacIndex,
  followNodes,
  nodeAuthorizer,
  type NodeRelations,
} from "./authz/index.ts";
import { bootstrapObjects, nodeRules, type BootstrapOptions } from "./bootstrap/index.ts";
import type {
  AdmissionPlugin,
  Authenticator,
  Authorizer,
  ServerContext,
  UserInfo,
  VirtualResource,
  Document,
  Impersonation,
} from "./types.ts";

export interface SecurityOptions {
  pki: ClusterPki;
  platform: Platform;
  /** `iss` of service-account tokens; default `https://kubernetes.default.svc`. */
  issuer?: string;
  /** Audiences of this server; default its issuer. */
  audiences?: readonly string[];
  /** Bearer tokens that were given at start. */
  tokens?: Readonly<Record<string, UserInfo>>;
  /** PEM of further authorities whose client certificates are believed. */
  clientCas?: readonly string[];
  /** Admission plugins that do not run, by name. */
  withoutAdmission?: readonly string[];
  /** Whether callers without a credential are `system:anonymous` (default) or refused. */
  anonymous?: "allowed" | "refused";
  advertise: BootstrapOptions["advertise"];
  serviceCidr: string;
  serviceAddress: string;
}

export interface Security {
  /** PEM of every authority whose client certificates TLS shall accept. */
  readonly clientCas: readonly string[];
  /** Asked once a request; undefined means 401. */
  readonly authenticator: Authenticator;
  readonly authorizer: Authorizer;
  /** Asked after authentication for a request with `impersonate-…` headers, with the attributes of the caller's own request. */
  readonly impersonation: Impersonation;
  /** In the order in which they run. */
  readonly admission: readonly AdmissionPlugin[];
  readonly virtualResources: Readonly<Record<string, VirtualResource>>;
  /** Documents of OpenID discovery by path; they are no resources and are authorized like any other path. */
  readonly documents: Readonly<Record<string, () => Promise<Document>>>;
  /** Attaches to the server's caches; decisions before this are refusals for everybody but `system:masters`. */
  start(server: ServerContext): void;
  /** What a fresh store has to hold: create those that are missing, in this order. */
  bootstrapObjects(): KubeObject[];
  close(): void;
}

export const DEFAULT_ISSUER = "https://kubernetes.default.svc";

export function createSecurity(options: SecurityOptions): Security {
  const { pki, platform, issuer = DEFAULT_ISSUER } = options;
  const { serviceAccountKeys: keys } = pki;
  const { clientCas: furtherCas = [], withoutAdmission = [] } = options;
  const audiences = options.audiences ?? [issuer];
  const signing = { issuer, audiences, keys };
  let server: ServerContext | undefined;
  let rbac: RbacIndex | undefined;
  let nodes: NodeRelations | undefined;
  const context = (): ServerContext => {
    invariant(server, "security has not been started");
    return server;
  };
  const rules = (): RbacIndex => {
    invariant(rbac, "security has not been started");
    return rbac;
  };
  const tokens = unionTokens([
    staticTokens(options.tokens ?? {}),
    serviceAccountTokens(signing, context),
    bootstrapTokens(context),
  ]);
  const known = unionAuthenticator([
    requestHeaderAuthenticator(pki.frontProxy, [FRONT_PROXY_CLIENT]),
    certificateAuthenticator(pki.cluster, platform.clock.now),
    ...furtherCas.map((pem) => certificateAuthenticator(new X509Certificate(pem), platform.clock.now)),
    bearerAuthenticator(tokens),
  ]);
  const authorizer = unionAuthorizer([
    superuserAuthorizer,
    later(() => nodes && nodeAuthorizer(nodes, nodeRules())),
    later(() => rbac && rbacAuthorizer(rbac)),
  ]);
  return {
    clientCas: [pki.cluster.certPem, pki.frontProxy.certPem, ...furtherCas],
    authenticator: options.anonymous === "refused" ? known : orAnonymous(known),
    authorizer,
    admission: admissionPlugins({ platform, authorizer, rbac: rules }).filter(({ name }) => !withoutAdmission.includes(name)),
    impersonation: impersonation(authorizer),
    virtualResources: {
      "authentication.k8s.io/selfsubjectreviews": selfSubjectReview,
      "authentication.k8s.io/tokenreviews": tokenReview(tokens, audiences),
      "authorization.k8s.io/localsubjectaccessreviews": accessReview(authorizer, "local"),
      "authorization.k8s.io/selfsubjectaccessreviews": accessReview(authorizer, "self"),
      "authorization.k8s.io/selfsubjectrulesreviews": rulesReview(rules),
      "authorization.k8s.io/subjectaccessreviews": accessReview(authorizer, "any"),
      "/serviceaccounts/token": tokenRequest(signing, platform.random),
    },
    documents: issuerDocuments(issuer, `https://${hostPort(options.advertise)}/openid/v1/jwks`, keys),
    start(attached) {
      server = attached;
      rbac = indexRbac(attached);
      nodes = followNodes(attached);
    },
    bootstrapObjects: () =>
      bootstrapObjects({ ...options, clientCa: pki.cluster.certPem, frontProxyCa: pki.frontProxy.certPem }, platform),
    close() {
      rbac?.close();
      nodes?.close();
    },
  };
}

const hostPort = ({ address, port }: BootstrapOptions["advertise"]) =>
  address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;

/** An authorizer that has no opinion until it is there. */
function later(find: () => Authorizer | undefined): Authorizer {
  let found: Authorizer | undefined;
  return { authorize: (attributes) => (found ??= find())?.authorize(attributes) ?? { decision: "no-opinion", reason: "" } };
}
