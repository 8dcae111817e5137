/**
 * Events of a watch as frames. A frame of a cached object is made once for all watchers of the same form; Tables differ from watcher to
 * watcher in their first frame alone.
 */
import { structSchema } from "../../../shared/api/schemas.ts";
import { notAcceptable } from "../../../shared/apimachinery/errors.ts";
import type { KubeObject } from "../../../shared/apimachinery/meta.ts";
import { encodeEnvelope, encodeMessage, encodeWatchFrame } from "../../../shared/apimachinery/protobuf/index.ts";
import type { Format, OutgoingEvent } from "../chain/types.ts";
import { bytesOf, objectOf } from "../registry/convert.ts";
import type { Served } from "../registry/resources.ts";
import { partialOf, tableOf } from "../table/table.ts";
import { tableOptions } from "./table-options.ts";
import { protobufOf } from "./list.ts";

export interface WatchEncoder {
  contentType: string;
  frame(event: OutgoingEvent): Uint8Array;
}

export function watchEncoder(served: Served, format: Format): WatchEncoder {
  if (format.media === "yaml")
    throw notAcceptable(
      "only the following media types are accepted: application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch",
    );
  if (format.media === "protobuf")
    return { contentType: `${format.contentType};stream=watch`, frame: protobufFrames(served, format) };
  const form = `${served.kind.groupVersion} ${format.as?.kind ?? ""} ${format.as?.version ?? ""}`;
  const frame = format.as?.kind === "Table" ? tableFrames(served, format) : jsonFrames(served, format);
  if (format.as?.kind === "Table") return { contentType: format.contentType, frame };
  return { contentType: format.contentType, frame: shared(form, frame) };
}

function shared(form: string, make: (event: OutgoingEvent) => Uint8Array): (event: OutgoingEvent) => Uint8Array {
  return (event) => {
    if (!event.frames) return make(event);
    const id = `${event.type} ${form}`;
    let frame = event.frames.get(id);
    if (!frame) event.frames.set(id, (frame = make(event)));
    return frame;
  };
}

const frameEnd = Buffer.from("}\n");

function jsonFrames(served: Served, format: Format): (event: OutgoingEvent) => Uint8Array {
  return (event) => {
    const start = Buffer.from(`{"type":"${event.type}","object":`);
    if (event.entry && !format.as) return Buffer.concat([start, bytesOf(event.entry, served), frameEnd]);
    return Buffer.concat([start, Buffer.from(JSON.stringify(objectFor(event, served, format))), frameEnd]);
  };
}

function objectFor(event: OutgoingEvent, served: Served, format: Format): unknown {
  const object = event.entry ? objectOf(event.entry, served) : (event.object as KubeObject);
  return format.as && event.type !== "ERROR" ? partialOf(object, format.as.version) : object;
}

function tableFrames(served: Served, format: Format): (event: OutgoingEvent) => Uint8Array {
  let headers = true;
  return (event) => {
    if (!event.entry && event.type === "ERROR")
      return Buffer.from(`${JSON.stringify({ type: event.type, object: event.object })}\n`);
    const object = event.entry ? objectOf(event.entry, served) : (event.object as KubeObject);
    const metadata = { resourceVersion: object.metadata.resourceVersion };
    const table = tableOf(served.kind, [object], metadata, { ...tableOptions(format), headers });
    headers = false;
    return Buffer.from(`${JSON.stringify({ type: event.type, object: table })}\n`);
  };
}

function protobufFrames(served: Served, format: Format): (event: OutgoingEvent) => Uint8Array {
  const { kind } = served;
  const type = { apiVersion: kind.groupVersion, kind: kind.kind };
  const partial = structSchema("io.k8s.apimachinery.pkg.apis.meta.v1.PartialObjectMetadata");
  return (event) => {
    if (event.entry && !format.as) return encodeWatchFrame(event.type, encodeEnvelope(type, protobufOf(event.entry, served)));
    const object = objectFor(event, served, format) as KubeObject;
    const schema =
      event.type === "ERROR" ? structSchema("io.k8s.apimachinery.pkg.apis.meta.v1.Status") : format.as ? partial : kind.schema;
    return encodeWatchFrame(
      event.type,
      encodeEnvelope({ apiVersion: object.apiVersion, kind: object.kind }, encodeMessage(schema, object)),
    );
  };
}
