/**
 * The certificates of one cluster, in one directory with kubeadm's file names.
 *
 * What is there and good is reused; a leaf that is missing, broken, about to end or short of a name is issued again; an authority that is
 * broken is an error, because every client of the cluster trusts it.
 */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { join } from "node:path";
import { parseTime, type Platform } from "../../lib/platform.ts";
import { createAuthority, issue, readAuthority, type Authority, type KeyedCertificate } from "../../lib/x509/index.ts";
import { readIfThere, writeFiles } from "../../lib/files.ts";
import { identities, kubeletClient, kubeletServer, type Identity } from "./identities.ts";
import type { SubjectAltNames } from "../../lib/x509/index.ts";
import { openServiceAccountKeys, type ServiceAccountKeys } from "./service-account-keys.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const AUTHORITY_LIFETIME = 3650 * DAY;
const LEAF_LIFETIME = 365 * DAY;
const RENEW_BEFORE = 30 * DAY;

export interface ClusterPkiOptions {
  /** What the API server is reached by, besides `localhost` and its own service names. */
  names?: Partial<SubjectAltNames>;
  /** First address of the service range, e.g. `10.96.0.1`. */
  serviceAddress?: string;
  /** Default `cluster.local`. */
  clusterDomain?: string;
}

export interface ClusterPki {
  readonly dir: string;
  readonly cluster: Authority;
  readonly frontProxy: Authority;
  /** The API server's serving certificate. */
  readonly serving: KeyedCertificate;
  readonly serviceAccountKeys: ServiceAccountKeys;
  /** The client certificate of a component. */
  clientOf(component: Exclude<keyof typeof identities, "apiserver">): KeyedCertificate;
  kubeletClient(node: string): KeyedCertificate;
  kubeletServer(node: string, names: SubjectAltNames): KeyedCertificate;
  /** Random serial number for certificates that are signed elsewhere (signing requests). */
  serial(): Uint8Array;
}

/**
 * Opens the directory, making what is missing. Synchronous and a few milliseconds: it is on the way to readiness.
 * @throws where an authority in the directory cannot be read.
 * @source kubeadm's certificate layout (cmd/kubeadm/app/phases/certs v1.36)
 */
export function openClusterPki(dir: string, platform: Platform, options: ClusterPkiOptions = {}): ClusterPki {
  const serial = () => positive(platform.random.bytes(16));
  const cluster = authorityIn(dir, "ca", "kubernetes", platform, serial);
  const frontProxy = authorityIn(dir, "front-proxy-ca", "front-proxy-ca", platform, serial);
  const leaf = (identity: Identity, names?: SubjectAltNames): KeyedCertificate => {
    const authority = identity.authority === "cluster" ? cluster : frontProxy;
    return leafIn(dir, identity, authority, platform, serial, names);
  };
  return {
    dir,
    cluster,
    frontProxy,
    serving: leaf(identities.apiserver, servingNames(options)),
    serviceAccountKeys: openServiceAccountKeys(dir),
    clientOf: (component) => leaf(identities[component]),
    kubeletClient: (node) => leaf(kubeletClient(node)),
    kubeletServer: (node, names) => leaf(kubeletServer(node), names),
    serial,
  };
}

function servingNames({
  names,
  serviceAddress = "10.96.0.1",
  clusterDomain = "cluster.local",
}: ClusterPkiOptions): SubjectAltNames {
  const service = ["kubernetes", "kubernetes.default", "kubernetes.default.svc", `kubernetes.default.svc.${clusterDomain}`];
  return {
    dns: [...new Set([...service, "localhost", ...(names?.dns ?? [])])],
    ips: [...new Set(["127.0.0.1", "::1", serviceAddress, ...(names?.ips ?? [])])],
  };
}

type Serial = () => Uint8Array;

function authorityIn(dir: string, file: string, commonName: string, { clock }: Platform, serial: Serial): Authority {
  const stored = readPair(dir, file);
  if (stored.cert === undefined) {
    const notBefore = clock.now() - HOUR;
    const { authority, files } = createAuthority(commonName, { notBefore, notAfter: notBefore + AUTHORITY_LIFETIME }, serial());
    // The key first: no certificate on disk means that the authority was never used.
    writeFiles(dir, { [`${file}.key`]: files.key, [`${file}.crt`]: files.cert });
    return authority;
  }
  try {
    const { validFrom } = new X509Certificate(stored.cert);
    if (parseTime(validFrom) > clock.now()) throw new Error(`it is valid from ${validFrom}, later than this machine's clock`);
    return readAuthority({ cert: stored.cert, key: stored.key ?? "" });
  } catch (error) {
    throw new Error(
      `the certificate authority in ${join(dir, file)}.{crt,key} cannot be used; restore it, or remove the directory to start a new cluster`,
      {
        cause: error,
      },
    );
  }
}

function leafIn(
  dir: string,
  identity: Identity,
  authority: Authority,
  { clock }: Platform,
  serial: Serial,
  names?: SubjectAltNames,
): KeyedCertificate {
  const stored = readPair(dir, identity.file);
  if (stored.cert !== undefined && stored.key !== undefined) {
    const pair = { cert: stored.cert, key: stored.key };
    if (isGood(pair, authority, clock.now(), names)) return pair;
  }
  const notBefore = clock.now() - HOUR;
  const { commonName, organizations, usages } = identity;
  const validity = { notBefore, notAfter: notBefore + LEAF_LIFETIME };
  const pair = issue(authority, { subject: { commonName, organizations }, usages, validity, ...(names && { names }) }, serial());
  writeFiles(dir, { [`${identity.file}.key`]: pair.key, [`${identity.file}.crt`]: pair.cert });
  return pair;
}

/** Signed by this authority, of this key, valid now and for a while yet, and good for every name. */
function isGood(
  pair: KeyedCertificate,
  authority: Authority,
  now: number,
  names: SubjectAltNames = { dns: [], ips: [] },
): boolean {
  try {
    const cert = new X509Certificate(pair.cert);
    return (
      cert.checkPrivateKey(createPrivateKey(pair.key)) &&
      cert.verify(authority.publicKey) &&
      parseTime(cert.validTo) - now > RENEW_BEFORE &&
      parseTime(cert.validFrom) <= now && // else it was issued while the clock was wrong
      names.dns.every((name) => cert.checkHost(name) !== undefined) &&
      names.ips.every((ip) => cert.checkIP(ip) !== undefined)
    );
  } catch {
    return false; // cut short or not PEM: it is issued again
  }
}

function readPair(dir: string, file: string): Partial<KeyedCertificate> {
  const cert = readIfThere(join(dir, `${file}.crt`));
  const key = readIfThere(join(dir, `${file}.key`));
  return { ...(cert !== undefined && { cert }), ...(key !== undefined && { key }) };
}

/** A serial number is positive and has at most 20 bytes. */
function positive(bytes: Uint8Array): Uint8Array {
  bytes[0] = (bytes[0]! & 0x7f) | 0x01;
  return bytes;
}
