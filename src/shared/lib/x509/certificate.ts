/**
 * Issues X.509 certificates: an authority's own, a server's, a client's.
 *
 * ECDSA P-256 keys, SHA-256 signatures. An authority that was brought along (an RSA one, say) works too: its name and key are
 * taken from its certificate as they are.
 *
 * @source RFC 5280; RFC 5758 section 3.2
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  X509Certificate,
  type KeyObject,
} from "node:crypto";
import { bits, boolean, children, context, encode, integer, nothing, octets, oid, sequence, time } from "./der.ts";
import { encodeAltNames, encodeName, type Subject, type SubjectAltNames } from "./name.ts";

export interface KeyedCertificate {
  /** PEM. */
  cert: string;
  /** PEM, PKCS #8. */
  key: string;
}

/** What signs: its certificate's name and key identifier, and its private key. */
export interface Authority {
  certPem: string;
  name: Buffer;
  keyId: Buffer;
  key: KeyObject;
  publicKey: KeyObject;
}

export interface Validity {
  notBefore: number;
  notAfter: number;
}

export interface LeafRequest {
  subject: Subject;
  usages: readonly ("server" | "client")[];
  names?: SubjectAltNames;
  validity: Validity;
}

const EXTENSION = {
  keyUsage: "2.5.29.15",
  extKeyUsage: "2.5.29.37",
  basicConstraints: "2.5.29.19",
  subjectKeyId: "2.5.29.14",
  authorityKeyId: "2.5.29.35",
  altNames: "2.5.29.17",
};
const PURPOSE = { server: "1.3.6.1.5.5.7.3.1", client: "1.3.6.1.5.5.7.3.2" };
const DIGITAL_SIGNATURE = 0x80;
const KEY_ENCIPHERMENT = 0x20;
const CERT_SIGN_AND_CRL_SIGN = 0x06;

export function createAuthority(
  commonName: string,
  validity: Validity,
  serial: Uint8Array,
): { authority: Authority; files: KeyedCertificate } {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const name = encodeName({ commonName, organizations: [] });
  const authority: Authority = { certPem: "", name, keyId: keyIdOf(publicKey), key: privateKey, publicKey };
  authority.certPem = signed(authority, {
    serial,
    validity,
    subject: name,
    publicKey,
    extensions: [
      extension(EXTENSION.keyUsage, keyUsage(DIGITAL_SIGNATURE | KEY_ENCIPHERMENT | CERT_SIGN_AND_CRL_SIGN), true),
      extension(EXTENSION.basicConstraints, sequence(boolean(true)), true),
      extension(EXTENSION.subjectKeyId, octets(authority.keyId)),
      extension(EXTENSION.altNames, encodeAltNames({ dns: [commonName], ips: [] })),
    ],
  });
  return { authority, files: { cert: authority.certPem, key: pemOf(privateKey) } };
}

/** Reads an authority back from its files. Throws where they are no certificate and key. */
export function readAuthority(files: KeyedCertificate): Authority {
  const cert = new X509Certificate(files.cert);
  const key = createPrivateKey(files.key);
  if (!cert.checkPrivateKey(key)) throw new Error("the key does not belong to the certificate");
  return { certPem: files.cert, name: subjectOf(cert.raw), keyId: keyIdOf(cert.publicKey), key, publicKey: cert.publicKey };
}

export function issue(authority: Authority, request: LeafRequest, serial: Uint8Array): KeyedCertificate {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { cert: certify(authority, request, publicKey, serial), key: pemOf(privateKey) };
}

/** A certificate for a key of somebody else's (a signing request). */
export function certify(authority: Authority, request: LeafRequest, publicKey: KeyObject, serial: Uint8Array): string {
  const { names } = request;
  const hasNames = names !== undefined && names.dns.length + names.ips.length > 0;
  return signed(authority, {
    serial,
    validity: request.validity,
    subject: encodeName(request.subject),
    publicKey,
    extensions: [
      extension(
        EXTENSION.keyUsage,
        keyUsage(publicKey.asymmetricKeyType === "rsa" ? DIGITAL_SIGNATURE | KEY_ENCIPHERMENT : DIGITAL_SIGNATURE),
        true,
      ),
      extension(EXTENSION.extKeyUsage, sequence(...request.usages.map((u) => oid(PURPOSE[u])))),
      extension(EXTENSION.basicConstraints, sequence(), true),
      extension(EXTENSION.authorityKeyId, sequence(encode(context(0, "primitive"), authority.keyId))),
      ...(hasNames ? [extension(EXTENSION.altNames, encodeAltNames(names))] : []),
    ],
  });
}

interface Body {
  serial: Uint8Array;
  validity: Validity;
  subject: Buffer;
  publicKey: KeyObject;
  extensions: Buffer[];
}

function signed(authority: Authority, body: Body): string {
  const algorithm = signatureAlgorithm(authority.key);
  const tbs = sequence(
    encode(context(0), integer(Buffer.from([2]))),
    integer(body.serial),
    algorithm,
    authority.name,
    sequence(time(body.validity.notBefore), time(body.validity.notAfter)),
    body.subject,
    body.publicKey.export({ type: "spki", format: "der" }),
    encode(context(3), sequence(...body.extensions)),
  );
  return toPem("CERTIFICATE", sequence(tbs, algorithm, bits(sign("sha256", tbs, authority.key))));
}

/** ecdsa-with-SHA256, or sha256WithRSAEncryption. */
export function signatureAlgorithm(key: KeyObject): Buffer {
  return key.asymmetricKeyType === "rsa"
    ? sequence(oid("1.2.840.113549.1.1.11"), nothing())
    : sequence(oid("1.2.840.10045.4.3.2"));
}

function extension(id: string, value: Buffer, critical = false): Buffer {
  return sequence(oid(id), ...(critical ? [boolean(true)] : []), octets(value));
}

/** A BIT STRING without trailing zero bits. */
function keyUsage(mask: number): Buffer {
  let unused = 0;
  while (!((mask >> unused) & 1)) unused++;
  return bits(Buffer.from([mask]), unused);
}

/** SHA-1 of the public key's bits: RFC 5280, section 4.2.1.2, method 1. */
function keyIdOf(publicKey: KeyObject): Buffer {
  const [spki] = children(publicKey.export({ type: "spki", format: "der" }));
  const key = children(spki!.content)[1]!;
  return createHash("sha1").update(key.content.subarray(1)).digest();
}

/** The subject's Name as it stands in a certificate, so that issuer and subject match byte for byte. */
function subjectOf(certificate: Buffer): Buffer {
  const [outer] = children(certificate);
  const [tbs] = children(outer!.content);
  const fields = children(tbs!.content);
  return fields[fields[0]!.tag === context(0) ? 5 : 4]!.raw;
}

export const pemOf = (key: KeyObject): string => key.export({ type: "pkcs8", format: "pem" }) as string;

export function toPem(label: string, der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

/** The first block with this label, decoded; undefined where there is none. */
export function fromPem(label: string, text: string): Buffer | undefined {
  const match = new RegExp(`-----BEGIN ${label}-----\\r?\\n([A-Za-z0-9+/=\\s]+)-----END ${label}-----`).exec(text);
  return match ? Buffer.from(match[1]!, "base64") : undefined;
}

export const publicKeyOf = (spki: Buffer): KeyObject => createPublicKey({ key: spki, format: "der", type: "spki" });
