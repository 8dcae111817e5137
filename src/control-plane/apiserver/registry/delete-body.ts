/**
 * Options of a DELETE: its body, or without one its query. DeleteOptions belong to every group version; which one a body says does
 * not matter.
 */
import { structSchema } from "../../../shared/api/schemas.ts";
import { decodeBody, decodeObject, type BodyFormat, type BodyKind } from "../../../shared/apimachinery/body.ts";
import { bodyFormat } from "../../../shared/apimachinery/negotiation.ts";
import { decodeEnvelope } from "../../../shared/apimachinery/protobuf/index.ts";
import { MAX_BODY_BYTES } from "../negotiation/decode.ts";
import type { Operation } from "./operation.ts";
import { deleteOptions, deleteOptionsOfQuery, type DeleteOptions } from "./options.ts";

type Members = Record<string, unknown>;

const quiet = { fieldValidation: "Ignore" } as const;

export async function readDeleteOptions({ request, query }: Operation): Promise<DeleteOptions> {
  if (request.object !== undefined)
    return optionsOf(decodeObject<Members>(kindIn(versionOf(request.object)), request.object, quiet).object);
  const bytes = await request.body(MAX_BODY_BYTES);
  if (!bytes.length) return deleteOptionsOfQuery(query);
  const format = bodyFormat(request.headers["content-type"]);
  return optionsOf((await decodeBody<Members>(kindIn(await saidVersion(bytes, format)), bytes, format, quiet)).object);
}

function optionsOf({ kind: _kind, apiVersion: _apiVersion, ...members }: Members): DeleteOptions {
  return deleteOptions(members);
}

/** The options of a group version: what a body has to be is what it says it is. */
function kindIn(apiVersion: string): BodyKind {
  const [group, version] = apiVersion.includes("/") ? (apiVersion.split("/") as [string, string]) : ["", apiVersion];
  const schema = structSchema("io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions");
  return { group, version, kind: "DeleteOptions", schema, optionsOf: "pkg/apis/meta/internalversion/scheme/register.go:27" };
}

async function saidVersion(bytes: Uint8Array, format: BodyFormat): Promise<string> {
  try {
    if (format === "protobuf") return decodeEnvelope(bytes).apiVersion || "v1";
    const text = Buffer.from(bytes).toString();
    return versionOf(
      format === "json" ? JSON.parse(text) : (await import("../../../shared/apimachinery/yaml.ts")).parseYaml(text).value,
    );
  } catch {
    return "v1"; // told by the decoder
  }
}

function versionOf(value: unknown): string {
  const said = (value as { apiVersion?: unknown } | null)?.apiVersion;
  return typeof said === "string" && said ? said : "v1";
}
