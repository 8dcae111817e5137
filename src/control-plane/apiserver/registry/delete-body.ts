/** Options of a DELETE: its body, or without one its query. */
import { structSchema } from "../../../shared/api/schemas.ts";
import { readObject } from "../negotiation/decode.ts";
import type { Operation } from "./operation.ts";
import { deleteOptions, deleteOptionsOfQuery, type DeleteOptions } from "./options.ts";

export async function readDeleteOptions(op: Operation): Promise<DeleteOptions> {
  const { request } = op;
  const bytes = request.object === undefined ? await request.body(MAX_OPTIONS_BYTES) : undefined;
  if (request.object === undefined && !bytes!.length) return deleteOptionsOfQuery(op.query);
  const kinds = ["v1", "meta.k8s.io/v1", op.served.kind.groupVersion];
  const again = { ...request, headers: request.headers, body: async () => bytes! };
  const object = await readObject({
    request: bytes ? again : request,
    into: {
      group: "",
      version: "v1",
      kind: "DeleteOptions",
      schema: structSchema("io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions"),
    },
    resources: op.core.resources,
    fieldValidation: "Ignore",
    warn: () => {},
  });
  void kinds;
  const { kind: _kind, apiVersion: _version, metadata: _metadata, ...members } = object as unknown as Record<string, unknown>;
  return deleteOptions(members);
}

const MAX_OPTIONS_BYTES = 3 << 20;
