/**
 * Which encoding a client speaks and which it wants: Content-Type and Accept, read as upstream reads them.
 *
 * Two readers see an Accept header upstream: the router, which compares media types literally (so `application/*` is refused), and then
 * the negotiation, which knows parameters such as `as=Table`. Each refuses with a text of its own.
 *
 * @source staging/src/k8s.io/apiserver/pkg/endpoints/handlers/negotiation/negotiate.go, vendor/github.com/munnerz/goautoneg v1.36
 */
import type { BodyFormat } from "./body.ts";
import { apiError, notAcceptable, unsupportedMediaType, type ApiError } from "./errors.ts";

export const MEDIA_TYPES: Readonly<Record<BodyFormat, string>> = {
  json: "application/json",
  yaml: "application/yaml",
  protobuf: "application/vnd.kubernetes.protobuf",
};

export interface AcceptClause {
  type: string;
  subtype: string;
  q: number;
  params: Readonly<Record<string, string>>;
}

/** The clauses of an Accept header, the most wanted first. Malformed ones are left out. */
export function parseAccept(header: string): AcceptClause[] {
  const clauses = header.split(",").flatMap((part) => parseClause(part.trim()) ?? []);
  // Insertion by upstream's relation, which is no order (q, then wildcards), but decides what clients get.
  for (let i = 1; i < clauses.length; i++) {
    for (let j = i; j > 0 && before(clauses[j]!, clauses[j - 1]!); j--)
      [clauses[j], clauses[j - 1]] = [clauses[j - 1]!, clauses[j]!];
  }
  return clauses;
}

function before(a: AcceptClause, b: AcceptClause): boolean {
  return a.q > b.q || (a.type !== "*" && b.type === "*") || (a.subtype !== "*" && b.subtype === "*");
}

function parseClause(part: string): AcceptClause | undefined {
  const [media, ...rest] = part.split(";");
  const [type, subtype, more] = media!.split("/").map((s) => s.trim());
  if (more !== undefined || (!subtype && type !== "*")) return undefined;
  let q = 1;
  const params: Record<string, string> = {};
  for (const parameter of rest) {
    const [name, value, extra] = parameter.split("=");
    if (!value || extra !== undefined) continue;
    if (name!.trim() === "q") q = Number(value) || 0;
    else params[name!.trim()] = value.trim();
  }
  return { type: type!, subtype: subtype || "*", q, params };
}

/** The form an answer is asked to take: `as=Table;g=meta.k8s.io;v=v1`. */
export interface Conversion {
  group: string;
  version: string;
  kind: string;
}

export interface Negotiated {
  /** One of the offered media types. */
  mediaType: string;
  convert?: Conversion;
  stream?: string;
  pretty: boolean;
  profile?: string;
}

export interface Offer {
  /** Media types in order of preference. */
  mediaTypes: readonly string[];
  /** What the router's refusal names, where that is more (streams). */
  routed?: readonly string[];
  /** No router looks first (custom resources), and the refusal names these. */
  unrouted?: readonly string[];
  /** Of the media types the one that only converted answers come in. */
  convertedOnly?: string;
  /** Whether a conversion is possible here; default none is. */
  allows?(convert: Conversion, mediaType: string): boolean;
}

/** What to answer with; throws 406 with upstream's texts. No header means the first of the offer. */
export function negotiate(header: string | undefined, offer: Offer): Negotiated {
  if (!header) return { mediaType: offer.mediaTypes[0]!, pretty: false };
  if (!offer.unrouted && !routeAccepts(header, offer.mediaTypes)) throw routeRefusal(offer.routed ?? offer.mediaTypes);
  for (const clause of parseAccept(header)) {
    for (const mediaType of offer.mediaTypes) {
      const found = matches(clause, mediaType) && options(clause, mediaType, offer);
      if (found) return found;
    }
  }
  throw notAcceptable(`only the following media types are accepted: ${(offer.unrouted ?? offer.mediaTypes).join(", ")}`);
}

/** The router's look at the header: literal media types without parameters. */
function routeAccepts(header: string, mediaTypes: readonly string[]): boolean {
  return header.split(",").some((part) => {
    const media = part.split(";")[0]!.trim();
    return media === "*/*" || mediaTypes.includes(media);
  });
}

function routeRefusal(mediaTypes: readonly string[]): ApiError {
  return apiError(406, "NotAcceptable", `406: Not Acceptable\n\nAvailable representations: ${mediaTypes.join(", ")}`, {});
}

function matches(clause: AcceptClause, mediaType: string): boolean {
  const [type, subtype] = mediaType.split("/");
  if (clause.type === "*") return clause.subtype === "*";
  return clause.type === type && (clause.subtype === subtype || clause.subtype === "*");
}

function options(clause: AcceptClause, mediaType: string, offer: Offer): Negotiated | undefined {
  const { as: kind = "", g: group = "", v: version = "", stream, pretty, profile, sv } = clause.params;
  const convert = "as" in clause.params || "g" in clause.params || "v" in clause.params ? { group, version, kind } : undefined;
  if (convert ? !offer.allows?.(convert, mediaType) : mediaType === offer.convertedOnly) return undefined;
  if ((stream && stream !== "watch") || sv) return undefined;
  return {
    mediaType,
    pretty: pretty === "1",
    ...(convert && { convert }),
    ...(stream && { stream }),
    ...(profile && { profile }),
  };
}

/** Browsers, curl and wget get indented JSON, as does who asks with `pretty`. */
export function wantsPretty(query: URLSearchParams | undefined, userAgent: string | undefined): boolean {
  const asked = query?.get("pretty");
  if (asked) return ["1", "t", "T", "true", "TRUE", "True"].includes(asked);
  return /^(curl|Wget|Mozilla\/5\.0)/.test(userAgent ?? "");
}

const FORMATS = new Map(Object.entries(MEDIA_TYPES).map(([format, type]) => [type, format as BodyFormat]));

/** The format of a request body; none given means JSON. Throws 415 with upstream's text. */
export function bodyFormat(
  contentType: string | undefined,
  accepted: readonly BodyFormat[] = ["json", "yaml", "protobuf"],
): BodyFormat {
  if (!contentType) return "json";
  const format = FORMATS.get(contentType.split(";")[0]!.trim().toLowerCase());
  if (format && accepted.includes(format)) return format;
  const types = Object.values(MEDIA_TYPES).join(", ");
  throw unsupportedMediaType(`the body of the request was in an unknown format - accepted media types include: ${types}`);
}
