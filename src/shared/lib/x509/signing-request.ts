/**
 * PKCS #10 signing requests: made by a kubelet for itself, read by admission, validation and the signer.
 *
 * @source RFC 2986
 */
import { generateKeyPairSync, sign, verify, type KeyObject } from "node:crypto";
import { bits, children, context, encode, integer, octets, oid, readOid, sequence, set, type Element } from "./der.ts";
import { fromPem, pemOf, publicKeyOf, signatureAlgorithm, toPem } from "./certificate.ts";
import { decodeAltNames, decodeName, encodeAltNames, encodeName, type Subject, type SubjectAltNames } from "./name.ts";

const EXTENSION_REQUEST = "1.2.840.113549.1.9.14";
const ALT_NAMES = "2.5.29.17";

export interface SigningRequest {
  subject: Subject;
  names: Required<SubjectAltNames>;
  publicKey: KeyObject;
}

/** Makes a key and a request for it; both PEM. */
export function createSigningRequest(subject: Subject, names?: SubjectAltNames): { request: string; key: string } {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const extensions = names ? [sequence(oid(ALT_NAMES), octets(encodeAltNames(names)))] : [];
  const attributes = extensions.length ? [sequence(oid(EXTENSION_REQUEST), set(sequence(...extensions)))] : [];
  const info = sequence(
    integer(Buffer.from([0])),
    encodeName(subject),
    publicKey.export({ type: "spki", format: "der" }),
    encode(context(0), ...attributes),
  );
  const der = sequence(info, signatureAlgorithm(privateKey), bits(sign("sha256", info, privateKey)));
  return { request: toPem("CERTIFICATE REQUEST", der), key: pemOf(privateKey) };
}

/** Reads a PEM request and checks that it is signed with its own key. Throws where it is broken. */
export function readSigningRequest(pem: string): SigningRequest {
  const der = fromPem("CERTIFICATE REQUEST", pem);
  if (!der) throw new Error("PEM block type must be CERTIFICATE REQUEST");
  const [outer] = children(der);
  const [info, algorithm, signature] = children(outer!.content);
  const [, subject, spki, attributes] = children(info!.content);
  if (!subject || !spki || !signature) throw new Error("the request is cut short");
  const publicKey = publicKeyOf(spki.raw);
  if (!verify(digestOf(algorithm!), info!.raw, publicKey, signature.content.subarray(1)))
    throw new Error("the request's signature is wrong");
  return { subject: decodeName(subject.content), names: requestedNames(attributes), publicKey };
}

const DIGESTS: Readonly<Record<string, string | null>> = {
  "1.2.840.10045.4.3.2": "sha256",
  "1.2.840.10045.4.3.3": "sha384",
  "1.2.840.10045.4.3.4": "sha512",
  "1.2.840.113549.1.1.11": "sha256",
  "1.2.840.113549.1.1.12": "sha384",
  "1.2.840.113549.1.1.13": "sha512",
  "1.3.101.112": null,
};

/** null for Ed25519, which has no separate digest. */
function digestOf(algorithm: Element): string | null {
  const id = readOid(children(algorithm.content)[0]!.content);
  const digest = DIGESTS[id];
  if (digest === undefined) throw new Error(`signature algorithm ${id} is not supported`);
  return digest;
}

function requestedNames(attributes: Element | undefined): Required<SubjectAltNames> {
  for (const attribute of attributes ? children(attributes.content) : []) {
    const [type, values] = children(attribute.content);
    if (!type || !values || readOid(type.content) !== EXTENSION_REQUEST) continue;
    for (const extension of children(children(values.content)[0]!.content)) {
      const parts = children(extension.content);
      const value = parts[parts.length - 1]!;
      if (readOid(parts[0]!.content) === ALT_NAMES) return decodeAltNames(children(value.content)[0]!.content);
    }
  }
  return { dns: [], ips: [], emails: [], uris: [] };
}
