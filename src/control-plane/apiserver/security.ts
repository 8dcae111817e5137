/**
 * Security of the API server in one place: who is asking, whether they may, what is changed or refused on the way in, and the objects a
 * fresh server starts with. The composition of the server calls `createSecurity`, and `start` once its caches can be read.
 */
import type { ClusterPki } from "../../shared/component/pki/index.ts";
import type { KubeObject } from "../../shared/apimachinery/meta.ts";
import { invariant } from "../../shared/lib/invariant.ts";
import type { Platform } from "../../shared/lib/platform.ts";
import { admissionPlugins } from "./admission/index.ts";
import {
  bearerAuthenticator,
  certificateAuthenticator,
  FRONT_PROXY_CLIENT,
  orAnonymous,
  requestHeaderAuthenticator,
  serviceAccountTokens,
  staticTokens,
  unionAuthenticator,
  unionTokens,
} from "./authn/index.ts";
import { indexRbac, rbacAuthorizer, superuserAuthorizer, unionAuthorizer, type RbacIndex } from "./authz/index.ts";
import { bootstrapObjects, type BootstrapOptions } from "./bootstrap/index.ts";
import type { AdmissionPlugin, Authenticator, Authorizer, ServerContext, UserInfo, VirtualResource } from "./types.ts";

export interface SecurityOptions {
  pki: ClusterPki;
  platform: Platform;
  /** `iss` of service-account tokens; default `https://kubernetes.default.svc`. */
  issuer?: string;
  /** Audiences of this server; default its issuer. */
  audiences?: readonly string[];
  /** Bearer tokens that were given at start. */
  tokens?: Readonly<Record<string, UserInfo>>;
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
  /** In the order in which they run. */
  readonly admission: readonly AdmissionPlugin[];
  readonly virtualResources: Readonly<Record<string, VirtualResource>>;
  /** Attaches to the server's caches; decisions before this are refusals for everybody but `system:masters`. */
  start(server: ServerContext): void;
  /** What a fresh store has to hold: create those that are missing, in this order. */
  bootstrapObjects(): KubeObject[];
  close(): void;
}

export const DEFAULT_ISSUER = "https://kubernetes.default.svc";

export function createSecurity(options: SecurityOptions): Security {
  const { pki, platform, issuer = DEFAULT_ISSUER } = options;
  const audiences = options.audiences ?? [issuer];
  let server: ServerContext | undefined;
  let rbac: RbacIndex | undefined;
  const context = (): ServerContext => {
    invariant(server, "security has not been started");
    return server;
  };
  const tokens = unionTokens([
    staticTokens(options.tokens ?? {}),
    serviceAccountTokens({ issuer, audiences, keys: pki.serviceAccountKeys }, context),
  ]);
  const known = unionAuthenticator([
    requestHeaderAuthenticator(pki.frontProxy, [FRONT_PROXY_CLIENT]),
    certificateAuthenticator(pki.cluster, platform.clock.now),
    bearerAuthenticator(tokens),
  ]);
  const authorizer = unionAuthorizer([superuserAuthorizer, later(() => rbac && rbacAuthorizer(rbac))]);
  return {
    clientCas: [pki.cluster.certPem, pki.frontProxy.certPem],
    authenticator: options.anonymous === "refused" ? known : orAnonymous(known),
    authorizer,
    admission: admissionPlugins(),
    virtualResources: {},
    start(attached) {
      server = attached;
      rbac = indexRbac(attached);
    },
    bootstrapObjects: () =>
      bootstrapObjects({ ...options, clientCa: pki.cluster.certPem, frontProxyCa: pki.frontProxy.certPem }, platform),
    close: () => rbac?.close(),
  };
}

/** An authorizer that has no opinion until it is there. */
function later(find: () => Authorizer | undefined): Authorizer {
  let found: Authorizer | undefined;
  return { authorize: (attributes) => (found ??= find())?.authorize(attributes) ?? { decision: "no-opinion", reason: "" } };
}
