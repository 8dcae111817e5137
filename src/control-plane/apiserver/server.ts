/**
 * The API server put together: the store's caches, the table of kinds, the request chain, and the ways in.
 */
import { setMaxListeners } from "node:events";
import { builtInKinds } from "../../shared/api/index.ts";
import type { Kind } from "../../shared/api/kind.ts";
import type { KubeObject } from "../../shared/apimachinery/meta.ts";
import { createClient, type Client, type Transport } from "../../shared/client/index.ts";
import { realPlatform, type Platform } from "../../shared/lib/platform.ts";
import type { Store } from "../store/types.ts";
import { aggregate, type Aggregation, type FrontProxyCredentials } from "./aggregation/index.ts";
import { remember } from "./authn/index.ts";
import { CacheHub } from "./cache/hub.ts";
import { requestMetrics } from "./metrics/index.ts";
import { createChain, type PathHandler } from "./chain/chain.ts";
import { upgradeHandler } from "./chain/upgrade.ts";
import type { Handler } from "./chain/types.ts";
import type { Core } from "./core.ts";
import { healthChecks, pathHandler } from "./discovery/index.ts";
import { listen, type Listener, type ListenOptions } from "./http/listen.ts";
import { servedDefinition, serveCustomResources } from "./crd/index.ts";
import { inProcessTransport, sharedCacheOf } from "./in-process.ts";
import { builtInResources, builtInVirtual } from "./registry/built-in.ts";
import { TtlLeases } from "./registry/ttl-leases.ts";
import { serviceCompanions } from "./services/index.ts";
import { ResourceTable, type Resource, type ResourceDefinition } from "./registry/resources.ts";
import type {
  AdmissionPlugin,
  Authenticator,
  Authorizer,
  ConnectResource,
  Document,
  Impersonation,
  ServerContext,
  UserInfo,
  VirtualResource,
} from "./types.ts";

export interface ApiServerOptions {
  store: Store;
  /** Other API servers write to the same store. */
  sharedStore?: boolean;
  kinds?: readonly Kind<any>[];
  /** undefined of it means 401. */
  authenticator: Authenticator;
  authorizer: Authorizer;
  /** Absent: headers that ask for it are ignored. */
  impersonation?: Impersonation;
  /** In the order in which they are called. */
  admission?: readonly AdmissionPlugin[];
  virtualResources?: Readonly<Record<string, VirtualResource>>;
  /** Subresources that are streams or proxies. Absent: 501. */
  connects?: Readonly<Record<string, ConnectResource>>;
  /** What aggregated servers know this one by. */
  frontProxy?: FrontProxyCredentials;
  /** Documents at paths that are no resources. */
  documents?: Readonly<Record<string, () => Promise<Document>>>;
  platform?: Platform;
  /** Its bootstrap objects are made before it answers: the probes tell of that. */
  bootstrap?: boolean;
  /** Further paths outside the API: OpenAPI, metrics. */
  paths?: PathHandler;
  /** Unexpected errors. */
  report?(error: unknown): void;
}

export interface ApiServer {
  /** The chain, for whatever brings requests. */
  readonly handle: Handler;
  readonly core: Core;
  /** A way in for in-process components, as this user, from this program. */
  transport(user: UserInfo, userAgent?: string): Transport;
  /** `after`: requests wait for it; connections are taken meanwhile. */
  listen(options: ListenOptions & { after?: Promise<unknown> }): Promise<Listener>;
  /** Adds or replaces a resource at run time (custom resources). */
  addResource(definition: ResourceDefinition): Resource;
  removeResource(group: string, plural: string): void;
  close(): Promise<void>;
}

/** The program as which the server itself writes. */
const OWN_NAME = "kube-apiserver";

export const systemUser: UserInfo = { name: "system:apiserver", groups: ["system:masters", "system:authenticated"] };

/** Loads the store into the caches and is then ready to serve. The store stays the caller's to close. */
export async function createApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const report =
    options.report ?? ((error) => process.stderr.write(`apiserver: ${error instanceof Error ? error.stack : String(error)}\n`));
  const platform = options.platform ?? realPlatform;
  const hub = new CacheHub(options.store, { exclusive: !options.sharedStore, clock: platform.clock, onFailure: report });
  const resources = new ResourceTable(hub);
  for (const definition of builtInResources(withServed(options.kinds ?? builtInKinds))) resources.define(definition);
  const closed = new AbortController();
  setMaxListeners(0, closed.signal); // every watch listens
  const clients = new Map<string, Client>();
  const context: ServerContext = {
    cache: <T extends KubeObject>(kind: Kind<T>) => sharedCacheOf<T>(resources.of(kind)),
    client(user = systemUser) {
      let client = clients.get(user.name);
      if (!client) clients.set(user.name, (client = createClient(inProcessTransport(core, handle, user, OWN_NAME))));
      return client;
    },
    *kinds() {
      for (const served of resources.all()) yield served.kind;
    },
    now: () => platform.clock.now(),
  };
  let aggregation: Aggregation | undefined;
  const core: Core = {
    get aggregation() {
      return aggregation;
    },
    store: options.store,
    hub,
    resources,
    authenticator: remember(options.authenticator, platform.clock),
    authorizer: options.authorizer,
    impersonation: options.impersonation,
    admission: options.admission ?? [],
    documents: options.documents ?? {},
    companions: { "/services": serviceCompanions },
    get virtual() {
      return virtual;
    },
    connects: options.connects ?? {},
    platform,
    closed: closed.signal,
    leases: new TtlLeases(options.store, platform.clock),
    requests: requestMetrics(),
    context,
    report,
  };
  const virtual = { ...builtInVirtual(core), ...options.virtualResources };
  let starting = 0;
  const steps = { bootstrap: options.bootstrap, isDone: () => starting === 0 };
  const handle = createChain(core, pathHandler(core, healthChecks(core, steps), options.paths));
  const listeners: Listener[] = [];
  await hub.start();
  const customResources = resources.find("apiextensions.k8s.io", "v1", "customresourcedefinitions") && serveCustomResources(core);
  if (resources.find("apiregistration.k8s.io", "v1", "apiservices")) aggregation = aggregate(core, options.frontProxy);
  return {
    handle,
    core,
    transport: (user, userAgent = OWN_NAME) => inProcessTransport(core, handle, user, userAgent),
    async listen(listenOptions) {
      const { after } = listenOptions;
      if (after) starting++;
      after?.then(
        () => starting--,
        () => {}, // whoever waits is told
      );
      const listener = await listen(listenOptions, handleAfter(handle, listenOptions.after), upgradeHandler(core));
      listeners.push(listener);
      return listener;
    },
    addResource: (definition) => resources.define(definition),
    removeResource: (group, plural) => resources.remove(group, plural),
    async close() {
      closed.abort();
      customResources?.close();
      aggregation?.close();
      await Promise.all(listeners.map((l) => l.close()));
      hub.close();
    },
  };
}

function handleAfter(handle: Handler, ready: Promise<unknown> = Promise.resolve()): Handler {
  let isReady = false;
  const answerable = ready.then(() => {
    isReady = true;
  });
  answerable.catch(() => {}); // whoever waits is told
  return (request) => (isReady ? handle(request) : answerable.then(() => handle(request)));
}

/** The kind of definitions needs what only a server has. */
const withServed = (kinds: readonly Kind<any>[]) =>
  kinds.map((kind) =>
    kind.group === servedDefinition.group && kind.plural === servedDefinition.plural ? servedDefinition : kind,
  );
