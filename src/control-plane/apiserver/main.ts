/** The API server as a component: data directory, certificates, security, bootstrap objects, port. */
import { join } from "node:path";
import { openClusterPki, type ClusterPki } from "../../shared/component/pki/index.ts";
import type { KeyedCertificate } from "../../shared/lib/x509/index.ts";
import { realPlatform, type Platform } from "../../shared/lib/platform.ts";
import { openEmbeddedStore, openEtcdStore, type Store } from "../store/index.ts";
import { reconcile } from "./bootstrap/index.ts";
import { tellDangling } from "./flow-control/index.ts";
import { createMissing } from "./registry/create-missing.ts";
import { createSecurity } from "./security.ts";
import { connectResources, type KubeletCredentials } from "./streaming/index.ts";
import { createApiServer, type ApiServer } from "./server.ts";
import type { UserInfo } from "./types.ts";

export interface ApiServerConfig {
  /** Holds `pki/` and `store/`. Absent: the store is in memory, and `pki` has to be given. */
  dataDir?: string;
  /** The data directory has been in use: an embedded store that holds nothing is an error. */
  dataExpected?: boolean;
  /** The embedded store could not write, and does nothing any more: start anew. */
  onStoreFailure?: (error: Error) => void;
  pki?: ClusterPki;
  host?: string;
  /** 0: any free one. */
  port: number;
  /** What clients in the cluster reach this server by; default the host. */
  advertiseAddress?: string;
  /** Further names and addresses in the serving certificate. */
  names?: { dns?: string[]; ips?: string[] };
  serviceCidr?: string;
  clusterDomain?: string;
  /** Bearer tokens that are known from the start. */
  tokens?: Readonly<Record<string, UserInfo>>;
  /** PEM of authorities whose client certificates are believed besides those of the cluster's own. */
  clientCas?: readonly string[];
  /** `iss` of service-account tokens. */
  issuer?: string;
  /** Admission plugins that do not run, by name. */
  withoutAdmission?: readonly string[];
  /** Of an etcd cluster; default the embedded store. */
  etcd?: { endpoints: readonly string[] };
  platform?: Platform;
}

export interface RunningApiServer {
  readonly server: ApiServer;
  readonly pki: ClusterPki;
  readonly store: Store;
  readonly port: number;
  readonly url: string;
  close(): Promise<void>;
}

const DEFAULT_SERVICE_CIDR = "10.96.0.0/16";

/** Starts; resolves when the port answers and `/readyz` is ok. Ends with the signal, or with `close`. */
export async function runApiServer(config: ApiServerConfig, signal?: AbortSignal): Promise<RunningApiServer> {
  const platform = config.platform ?? realPlatform;
  const host = config.host ?? "127.0.0.1";
  const serviceCidr = config.serviceCidr ?? DEFAULT_SERVICE_CIDR;
  const serviceAddress = firstAddress(serviceCidr);
  const pki = config.pki ?? openPki(config, platform, serviceAddress);
  const store = await openStore(config, platform);
  const advertise = { address: config.advertiseAddress ?? host, port: config.port };
  const security = createSecurity({ ...config, pki, platform, serviceCidr, serviceAddress, advertise });
  const server = await createApiServer({
    store,
    sharedStore: config.etcd !== undefined,
    platform,
    authenticator: security.authenticator,
    authorizer: security.authorizer,
    admission: security.admission,
    impersonation: security.impersonation,
    virtualResources: security.virtualResources,
    connects: connectResources(kubeletCredentials(pki)),
    documents: security.documents,
    bootstrap: true,
    frontProxy: onDemand(() => pki.clientOf("frontProxyClient")),
  });
  security.start(server.core.context);
  const bootstrapped = createMissing(server.core, security.bootstrapObjects());
  const listening = server.listen({
    after: bootstrapped,
    host,
    port: config.port,
    cert: pki.serving.cert,
    key: pki.serving.key,
    clientCa: security.clientCas.join("\n"),
  });
  const [earlier, listener] = await Promise.all([bootstrapped, listening]);
  const reconciled = reconcile(server.core.context, earlier, { shared: config.etcd !== undefined }).catch(server.core.report);
  tellDangling(server.core);
  let closing: Promise<void> | undefined;
  const close = () =>
    (closing ??= (async () => {
      await reconciled;
      await server.close();
      security.close();
      await store.close();
    })());
  signal?.addEventListener("abort", () => void close(), { once: true });
  return { server, pki, store, port: listener.port, url: `https://${host}:${listener.port}`, close };
}

function openPki(config: ApiServerConfig, platform: Platform, serviceAddress: string): ClusterPki {
  if (!config.dataDir) throw new Error("the API server needs a data directory or certificates");
  const ips = [
    ...(config.names?.ips ?? []),
    ...(config.host ? [config.host] : []),
    ...(config.advertiseAddress ? [config.advertiseAddress] : []),
  ];
  return openClusterPki(join(config.dataDir, "pki"), platform, {
    names: { dns: config.names?.dns, ips },
    serviceAddress,
    clusterDomain: config.clusterDomain,
  });
}

function openStore(config: ApiServerConfig, platform: Platform): Promise<Store> {
  if (config.etcd) return openEtcdStore(config.etcd);
  const { dataDir, dataExpected, onStoreFailure: onFailure } = config;
  return openEmbeddedStore({ ...(dataDir && { path: join(dataDir, "store") }), dataExpected, onFailure, platform });
}

/** `10.96.0.0/16` → `10.96.0.1` */
function firstAddress(cidr: string): string {
  return cidr.slice(0, cidr.indexOf("/")).replace(/\d+$/, (last) => String(Number(last) + 1));
}

function kubeletCredentials(pki: ClusterPki): KubeletCredentials {
  const client = onDemand(() => pki.clientOf("apiserverKubeletClient"));
  return Object.assign(client, { ca: pki.cluster.certPem });
}

/** A certificate that is looked for, or issued, when it is first used: the server is ready before. */
function onDemand(find: () => KeyedCertificate): KeyedCertificate {
  let found: KeyedCertificate | undefined;
  const pair = () => (found ??= find());
  return {
    get cert() {
      return pair().cert;
    },
    get key() {
      return pair().key;
    },
  };
}
