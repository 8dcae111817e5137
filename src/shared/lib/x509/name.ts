/**
 * Distinguished names as Kubernetes uses them: the common name is the user, each organization a group.
 *
 * @source RFC 5280, section 4.1.2.4
 */
import { formatIp, ipBytes, ipOfBytes, parseIp, type Ip } from "../ip.ts";
import { children, encode, oid, readOid, sequence, set, utf8 } from "./der.ts";

const COMMON_NAME = "2.5.4.3";
const ORGANIZATION = "2.5.4.10";

export interface Subject {
  commonName: string;
  organizations: readonly string[];
}

/** A Name: one relative name with all organizations (a SET is ordered by its bytes in DER), then the common name. */
export function encodeName(subject: Subject): Buffer {
  const organizations = subject.organizations.map((o) => attribute(ORGANIZATION, o)).sort(Buffer.compare);
  const names = subject.commonName ? [set(attribute(COMMON_NAME, subject.commonName))] : [];
  return sequence(...(organizations.length ? [set(...organizations)] : []), ...names);
}

const attribute = (type: string, value: string) => sequence(oid(type), utf8(value));

/** Reads the content of a Name. Attributes other than CN and O are skipped. */
export function decodeName(content: Buffer): Subject {
  let commonName = "";
  const organizations: string[] = [];
  for (const relative of children(content)) {
    for (const pair of children(relative.content)) {
      const [type, value] = children(pair.content);
      if (!type || !value) continue;
      const id = readOid(type.content);
      if (id === COMMON_NAME) commonName = value.content.toString("utf8");
      else if (id === ORGANIZATION) organizations.push(value.content.toString("utf8"));
    }
  }
  return { commonName, organizations };
}

export interface SubjectAltNames {
  dns: readonly string[];
  /** Textual addresses. */
  ips: readonly string[];
  emails?: readonly string[];
  uris?: readonly string[];
}

/** GeneralNames with DNS names (tag 2) and addresses (tag 7). */
export function encodeAltNames(names: SubjectAltNames): Buffer {
  return sequence(
    ...names.dns.map((name) => encode(0x82, Buffer.from(name, "ascii"))),
    ...names.ips.map((ip) => encode(0x87, ipBytes(parseIp(ip)!))),
  );
}

export function decodeAltNames(content: Buffer): Required<SubjectAltNames> {
  const names = { dns: [] as string[], ips: [] as string[], emails: [] as string[], uris: [] as string[] };
  for (const { tag, content: value } of children(content)) {
    if (tag === 0x82) names.dns.push(value.toString("latin1"));
    else if (tag === 0x87) names.ips.push(formatIp(ipOf(value)));
    else if (tag === 0x81) names.emails.push(value.toString("latin1"));
    else if (tag === 0x86) names.uris.push(value.toString("latin1"));
  }
  return names;
}

function ipOf(value: Buffer): Ip {
  if (value.length !== 4 && value.length !== 16) throw new Error(`x509: cannot parse IP address of length ${value.length}`);
  return ipOfBytes(value);
}
