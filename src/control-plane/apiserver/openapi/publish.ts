/**
 * `/openapi/v2`, `/openapi/v3` and the documents below it: made when first asked for, kept as bytes, and made again when the kinds change.
 *
 * A document of built-in kinds cannot change while the server runs, so its hash is that of its name and the build; one of custom resources
 * is hashed by its content. Clients keep a document for as long as its hashed address is listed.
 *
 * @source k8s.io/kube-openapi/pkg/handler and handler3 at the version v1.36 vendors
 */
import { createHash } from "node:crypto";
import type { Kind } from "../../../shared/api/index.ts";
import { parseAccept } from "../../../shared/apimachinery/negotiation.ts";
import { formatHttpDate } from "../../../shared/lib/platform.ts";
import { loadDescriptions, type Descriptions } from "./descriptions.ts";
import { documentPaths, documentV2, documentV3, type DocumentInputs } from "./documents.ts";
import { documentPath } from "./names.ts";
import { openApiProtobuf } from "./protobuf.ts";
import type { PublishedSchema } from "./schema-writer.ts";

export interface OpenApiSource {
  /** All kinds that are served now. */
  kinds(): Iterable<Kind<any>>;
  /** Changes whenever `kinds` or what they publish does. */
  generation(): number;
  /** `1.36`, and what tells one build from another. */
  version: string;
  build(): string;
  descriptions?: Descriptions;
  now(): number;
}

export interface OpenApiRequest {
  path: string;
  query: URLSearchParams;
  headers: Readonly<Record<string, string | undefined>>;
}

export interface OpenApiAnswer {
  code: number;
  headers: Record<string, string>;
  body: Uint8Array | string;
}

const V2_PROTOBUF = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
const V3_PROTOBUF = "application/com.github.proto-openapi.spec.v3.v1.0+protobuf";
const YEAR_MS = 365 * 24 * 3600 * 1000;

/** What belongs to one generation of kinds. */
interface Edition {
  inputs: DocumentInputs;
  hashes: Map<string, string>;
  bytes: Map<string, Buffer>;
}

export class OpenApi {
  private readonly source: OpenApiSource;
  private edition: Edition | undefined;
  private generation = -1;

  constructor(source: OpenApiSource) {
    this.source = source;
  }

  /** undefined: not a path of ours. */
  handle(request: OpenApiRequest): OpenApiAnswer | undefined {
    if (request.path === "/openapi/v2") return this.v2(request);
    if (request.path === "/openapi/v3" || request.path === "/openapi/v3/") return this.root();
    const document = /^\/openapi\/v3\/(.+?)\/?$/.exec(request.path);
    return document ? this.v3(document[1]!, request) : undefined;
  }

  private current(): Edition {
    const generation = this.source.generation();
    if (!this.edition || this.generation !== generation) {
      const { version, descriptions = loadDescriptions() } = this.source;
      const kinds = [...this.source.kinds()];
      const byDefinition = new Map(kinds.map((k) => [k.definition, k]));
      const published: PublishedSchema = (definition, dialect) => byDefinition.get(definition)?.openApiSchema?.(dialect);
      const inputs = { kinds, version, descriptions, published };
      this.edition = { inputs, hashes: new Map(), bytes: new Map() };
      this.generation = generation;
    }
    return this.edition;
  }

  private root(): OpenApiAnswer {
    const edition = this.current();
    const paths: Record<string, { serverRelativeURL: string }> = {};
    for (const path of documentPaths(edition.inputs.kinds)) {
      paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${this.hash(edition, path)}` };
    }
    return { code: 200, headers: { "content-type": "text/plain; charset=utf-8" }, body: JSON.stringify({ paths }) };
  }

  private v3(path: string, request: OpenApiRequest): OpenApiAnswer {
    const edition = this.current();
    if (!documentPaths(edition.inputs.kinds).includes(path)) return empty(404);
    const hash = this.hash(edition, path);
    const asked = request.query.get("hash");
    if (asked && asked !== hash) return empty(301, { location: `/openapi/v3/${path}?hash=${hash}`, etag: `"${hash}"` });
    const type = choose(request.headers["accept"], V3_PROTOBUF);
    if (!type) return empty(406, { vary: "Accept" });
    const expires = formatHttpDate(this.source.now() + YEAR_MS);
    const forever = asked && { "cache-control": "public, immutable", expires };
    return this.answer(edition, request, hash, path, type, { vary: "Accept", ...forever });
  }

  private v2(request: OpenApiRequest): OpenApiAnswer {
    const edition = this.current();
    const type = choose(request.headers["accept"], V2_PROTOBUF);
    if (!type) return empty(406, { vary: "Accept" });
    const hash = sha512(
      documentPaths(edition.inputs.kinds)
        .map((p) => this.hash(edition, p))
        .join(" "),
    );
    return this.answer(edition, request, hash, "", type, { vary: "Accept" });
  }

  private answer(
    edition: Edition,
    request: OpenApiRequest,
    hash: string,
    path: string,
    type: string,
    headers: Record<string, string>,
  ): OpenApiAnswer {
    const etag = `"${hash}"`;
    const known = request.headers["if-none-match"]?.split(",").some((t) => t.trim().replace(/^W\//, "") === etag);
    if (known) return empty(304, { ...headers, etag });
    return { code: 200, headers: { ...headers, "content-type": type, etag }, body: this.bytes(edition, path, type) };
  }

  /** The document at `path` (version 2: ""), encoded. */
  private bytes(edition: Edition, path: string, type: string): Buffer {
    const key = `${path} ${type}`;
    let bytes = edition.bytes.get(key);
    if (!bytes) {
      const document = path === "" ? documentV2(edition.inputs) : documentV3(path, edition.inputs);
      bytes =
        type === "application/json" ? Buffer.from(JSON.stringify(document)) : openApiProtobuf(path === "" ? 2 : 3, document);
      edition.bytes.set(key, bytes);
    }
    return bytes;
  }

  private hash(edition: Edition, path: string): string {
    let hash = edition.hashes.get(path);
    if (!hash) {
      const kinds = edition.inputs.kinds.filter((k) => documentPath(k.group, k.version) === path);
      const custom = kinds.some((k) => k.schema.dynamic);
      const names = kinds.map((k) => k.plural).join(",");
      hash = sha512(custom ? this.bytes(edition, path, "application/json") : `${this.source.build()} ${path} ${names}`);
      edition.hashes.set(path, hash);
    }
    return hash;
  }
}

const sha512 = (data: Uint8Array | string) => createHash("sha512").update(data).digest("hex").toUpperCase();

const empty = (code: number, headers: Record<string, string> = {}): OpenApiAnswer => ({ code, headers, body: "" });

/** JSON or protobuf, whose name has an old spelling with `@`. */
function choose(accept: string | undefined, protobuf: string): string | undefined {
  if (!accept) return "application/json";
  for (const { type, subtype } of parseAccept(accept)) {
    const media = `${type}/${subtype}`;
    if (media === "*/*" || media === "application/*" || media === "application/json") return "application/json";
    if (media.replace("@", ".") === protobuf) return protobuf;
  }
  return undefined;
}
