/**
 * `/api`, `/apis` and below, down to the list of a group version.
 *
 * @source staging/src/k8s.io/apiserver/pkg/endpoints/discovery v1.36
 */
import { createHash } from "node:crypto";
import { MEDIA_TYPES, negotiate } from "../../../shared/apimachinery/negotiation.ts";
import { noSuchMethod, noSuchResource } from "../chain/route.ts";
import type { Answer, Format, Incoming } from "../chain/types.ts";
import type { Core } from "../core.ts";
import { formatFor } from "../negotiation/accept.ts";
import { serializeAs } from "../negotiation/encode.ts";
import { loadYaml } from "../negotiation/yaml.ts";
import { structSchema } from "../../../shared/api/schemas.ts";
import { aggregated, apiVersions, groupDocument, groupList, resourceList } from "./documents.ts";
import { withRemote } from "./remote.ts";
import { groupsOf, type GroupEntry } from "./groups.ts";

const AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/** undefined: a path that is none of discovery's. */
export function discovery(core: Core, request: Incoming): Answer | Promise<Answer> | undefined {
  const parts = request.path.replace(/^\/+|\/+$/g, "").split("/");
  const groups = withRemote(groupsOf(core.resources), core.aggregation?.versions() ?? []);
  if (parts[0] === "api" && parts.length === 1) return coreVersions(request, groups);
  if (parts[0] === "api" && parts.length === 2)
    return versionDocument(
      request,
      groups.find((g) => !g.name),
      parts[1]!,
    );
  if (parts[0] !== "apis" || parts.length > 3) return undefined;
  if (parts.length === 1) return listOfGroups(request, groups);
  const group = groups.find((g) => g.name && g.name === parts[1]);
  if (!group) return undefined;
  // Nobody is at a version of custom resources that is not served.
  const custom = core.resources.isCustomGroup(group.name);
  if (custom && parts.length === 3 && !group.versions.some((v) => v.version === parts[2])) return undefined;
  return parts.length === 2
    ? answer(request, groupDocument(group), { unrouted: true })
    : versionDocument(request, group, parts[2]!);
}

function coreVersions(request: Incoming, groups: readonly GroupEntry[]): Answer | Promise<Answer> {
  if (request.method !== "GET") throw noSuchMethod();
  if (wantsAggregated(request))
    return aggregatedAnswer(
      request,
      groups.filter((g) => !g.name),
    );
  return answer(request, apiVersions(groups, request.headers.host ?? request.headers[":authority"] ?? ""));
}

/** Any method is answered here: nothing upstream looks at it. */
function listOfGroups(request: Incoming, groups: readonly GroupEntry[]): Answer | Promise<Answer> {
  if (wantsAggregated(request))
    return aggregatedAnswer(
      request,
      groups.filter((g) => g.name),
    );
  return answer(request, groupList(groups), { unrouted: true });
}

function versionDocument(request: Incoming, group: GroupEntry | undefined, version: string): Answer | Promise<Answer> {
  const entry = group?.versions.find((v) => v.version === version);
  if (!entry) throw noSuchResource();
  if (request.method !== "GET") throw noSuchMethod();
  return answer(request, resourceList(entry));
}

function wantsAggregated(request: Incoming): boolean {
  const { accept } = request.headers;
  if (!accept?.includes("APIGroupDiscoveryList")) return false;
  const { convert } = negotiate(accept, {
    mediaTypes: Object.values(MEDIA_TYPES),
    allows: (c, type) =>
      type === MEDIA_TYPES.json && c.group === "apidiscovery.k8s.io" && c.version === "v2" && c.kind === "APIGroupDiscoveryList",
  });
  return convert !== undefined;
}

function aggregatedAnswer(request: Incoming, groups: readonly GroupEntry[]): Answer {
  const body = JSON.stringify(aggregated(groups));
  const etag = `"${createHash("sha512").update(body).digest("hex").toUpperCase()}"`;
  const headers = { etag, vary: "Accept", "cache-control": "public" };
  const fresh = request.headers["if-none-match"] === etag;
  return raw(fresh ? 304 : 200, AGGREGATED, fresh ? "" : body, headers);
}

function answer(request: Incoming, document: object, how: { unrouted?: boolean } = {}): Answer | Promise<Answer> {
  const format = formatFor(request, { convertible: false, ...how });
  if (format.media === "yaml") return loadYaml().then(() => encoded(document, format));
  return encoded(document, format);
}

function encoded(document: object, format: Format): Answer {
  const { kind } = document as { kind: string };
  const schema = format.media === "protobuf" ? structSchema(`io.k8s.apimachinery.pkg.apis.meta.v1.${kind}`) : undefined;
  return raw(200, format.contentType, serializeAs(document, format, schema, { apiVersion: "v1", ...document }));
}

function raw(code: number, contentType: string, body: Uint8Array | string, headers?: Record<string, string>): Answer {
  const format: Format = { media: "json", contentType, pretty: false };
  return { result: { type: "raw", code, contentType, body }, format, warnings: [], ...(headers && { headers }) };
}
