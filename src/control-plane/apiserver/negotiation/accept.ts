/** What the client wants to be answered in. */
import { MEDIA_TYPES, negotiate, wantsPretty, type Conversion } from "../../../shared/apimachinery/negotiation.ts";
import { plainJson } from "../chain/failure.ts";
import type { Format, Incoming } from "../chain/types.ts";
import type { Kind } from "../../../shared/api/kind.ts";

const allTypes = Object.values(MEDIA_TYPES);
const dynamicTypes = allTypes.filter((type) => type !== MEDIA_TYPES.protobuf);
const streams = [`${MEDIA_TYPES.json};stream=watch`, `${MEDIA_TYPES.protobuf};stream=watch`];

export interface FormatRequest {
  /** Rows and metadata alone can be asked for (not where a call only computes something). */
  convertible: boolean;
  /** The path is watched, too, which the router's refusal says. */
  streamed?: boolean;
  kind?: Kind<any>;
  /** No router looks at the header first. */
  unrouted?: boolean;
}

/** Throws 406. */
export function formatFor(request: Incoming, { convertible, streamed, kind, unrouted }: FormatRequest): Format {
  const accept = request.headers.accept;
  const pretty = wantsPretty(request.query.size ? request.query : undefined, request.headers["user-agent"]);
  if ((!accept || accept === "application/json" || accept === "*/*") && !pretty) return plainJson;
  const mediaTypes = kind?.schema.dynamic && !convertible ? dynamicTypes : allTypes;
  const allows = convertible ? allowed : undefined;
  const offer = {
    mediaTypes,
    ...(kind?.schema.dynamic && { convertedOnly: MEDIA_TYPES.protobuf }),
    ...(allows && { allows }),
    ...((kind?.schema.dynamic || unrouted) && { unrouted: allTypes }),
    ...(streamed && { routed: [...mediaTypes, ...streams] }),
  };
  const chosen = negotiate(accept, offer);
  const media = (Object.keys(MEDIA_TYPES) as (keyof typeof MEDIA_TYPES)[]).find((m) => MEDIA_TYPES[m] === chosen.mediaType)!;
  const as = chosen.convert && { kind: chosen.convert.kind, version: chosen.convert.version };
  return { media, contentType: chosen.mediaType, pretty: pretty || chosen.pretty, ...(as && { as: as as Format["as"] }) };
}

function allowed(convert: Conversion, mediaType: string): boolean {
  if (convert.group !== "meta.k8s.io" || (convert.version !== "v1" && convert.version !== "v1beta1")) return false;
  if (convert.kind === "Table") return mediaType !== MEDIA_TYPES.protobuf;
  return convert.kind === "PartialObjectMetadata" || convert.kind === "PartialObjectMetadataList";
}
