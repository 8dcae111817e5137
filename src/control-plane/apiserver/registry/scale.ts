/**
 * `/scale`: a view of an object that shows and sets its replicas alone. A write is a write of the object.
 *
 * @source pkg/registry/apps/deployment/storage/storage.go (ScaleREST), staging/src/k8s.io/apiextensions-apiserver/pkg/registry/customresource v1.36
 */
import { Scale } from "../../../shared/api/autoscaling/scale.ts";
import type { Kind } from "../../../shared/api/kind.ts";
import { conflict, internalError, invalid } from "../../../shared/apimachinery/errors.ts";
import type { KubeObject, LabelSelector } from "../../../shared/apimachinery/meta.ts";
import { deepCopy, entriesFromScale, entriesOfScale, type ReplicasPaths } from "../../../shared/apimachinery/patch/index.ts";
import { selectorFromObject, selectorFromSet } from "../../../shared/apimachinery/selectors.ts";
import type { Result } from "../chain/types.ts";
import { readObject } from "../negotiation/decode.ts";
import { objectOf } from "./convert.ts";
import { matchName } from "./create.ts";
import { matchNamespace } from "./hooks.ts";
import type { Operation } from "./operation.ts";
import { writeOptions } from "./options.ts";
import { ownUpdated, setOwners } from "./ownership.ts";
import { patched, readPatchRequest } from "./patch.ts";
import { get } from "./read.ts";
import { change, type View } from "./update.ts";
import { validateMetadata } from "./validate-metadata.ts";

export async function scale(op: Operation): Promise<Result> {
  switch (op.info.verb) {
    case "get": {
      const found = await get(op);
      requireReplicas(op, found);
      return answer(op, found);
    }
    case "update":
      return put(op);
    default:
      return patch(op);
  }
}

async function put(op: Operation): Promise<Result> {
  const options = writeOptions(op.query, "UpdateOptions");
  const warn = (text: string) => void op.warnings.push(text);
  const { fieldValidation } = options;
  const sent = await readObject({ request: op.request, into: Scale, resources: op.core.resources, fieldValidation, warn });
  matchName(op, sent);
  matchNamespace(op, sent);
  const edit = (live: Scale): Scale => {
    const object = deepCopy(sent);
    ownUpdated(op, live, object, Scale);
    return object as Scale;
  };
  return answer(
    op,
    await change(op, options, { uid: sent.metadata.uid, next: (live) => withScale(op, live, edit), view: viewOf(op) }),
  );
}

async function patch(op: Operation): Promise<Result> {
  const request = await readPatchRequest(op, Scale);
  const edit = (live: Scale) => patched(op, live, request) as Scale;
  return answer(op, await change(op, request.options, { next: (live) => withScale(op, live, edit), view: viewOf(op) }));
}

/** Admission judges the scale. */
function viewOf(op: Operation): View {
  const { kind } = op.served;
  return {
    of: (object) => scaleOf(kind, object),
    into: (object, seen) => setAt(object, pathsOf(kind).specReplicas, (seen as Scale).spec.replicas ?? 0),
  };
}

/** The object after its scale was edited. */
function withScale(op: Operation, live: KubeObject, edit: (scale: Scale) => Scale): KubeObject {
  const { kind, ref } = op.served;
  const paths = replicasPaths(op);
  const shown = scaleOf(kind, live);
  setOwners(shown, entriesOfScale(live.metadata.managedFields as never, paths));
  const edited = edit(shown);
  // A custom resource is judged as a whole.
  const judged = () => [
    ...validateMetadata(Scale, edited),
    ...Scale.validate!(edited, { subresource: "", dryRun: false, now: op.now })!,
  ];
  const errors = kind.schema.dynamic ? [] : judged();
  if (errors.length > 0) throw invalid({ group: Scale.group, resource: Scale.kind }, edited.metadata.name, errors);
  const { uid, resourceVersion, managedFields } = edited.metadata;
  if (uid && uid !== live.metadata.uid) {
    const text = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${live.metadata.uid}`;
    throw conflict(ref, op.info.name, text);
  }
  const object = deepCopy(live);
  setAt(object, pathsOf(kind).specReplicas, edited.spec.replicas ?? 0);
  object.metadata.resourceVersion = resourceVersion ?? "";
  setOwners(object, entriesFromScale(live.metadata.managedFields as never, managedFields as never, kind.groupVersion, paths));
  return object;
}

/** The paths of all served versions, since entries may have been recorded in any of them. */
function replicasPaths(op: Operation): ReplicasPaths {
  const paths: Record<string, readonly string[] | undefined> = {};
  for (const [apiVersion, { kind }] of op.served.resource.served) {
    const scalable = kind.subresources.some(({ name }: { name: string }) => name === "scale");
    paths[apiVersion] = scalable ? pathsOf(kind).specReplicas.split(".") : undefined;
  }
  return paths;
}

const pathsOf = (kind: Kind<any>) => kind.scale ?? { specReplicas: "spec.replicas", statusReplicas: "status.replicas" };

/** What has no replicas can be given some, but shows none. */
function requireReplicas({ served }: Operation, result: Result): void {
  const path = served.kind.scale?.specReplicas;
  if (result.type === "entry" && path && at(objectOf(result.entry, served), path) === undefined)
    throw internalError(`the spec replicas field ${JSON.stringify(`.${path}`)} does not exist`);
}

function answer(op: Operation, result: Result): Result {
  if (result.type !== "entry" && result.type !== "object") return result;
  const object = result.type === "entry" ? objectOf(result.entry, op.served) : (result.object as KubeObject);
  const { kind } = op.served;
  const served = kind.schema.dynamic ? undefined : { ...op.served, kind: Scale };
  return { type: "object", code: result.code, object: scaleOf(kind, object), schema: Scale.schema, ...(served && { served }) };
}

function scaleOf(kind: Kind<any>, object: KubeObject): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const replicas = at(object, pathsOf(kind).specReplicas) as number | undefined;
  const selector = selectorText(kind, object);
  const metadata = { name, ...(namespace && { namespace }), uid, resourceVersion, creationTimestamp } as Scale["metadata"];
  return {
    kind: Scale.kind,
    apiVersion: Scale.groupVersion,
    metadata,
    spec: { ...(replicas && { replicas }) },
    status: { replicas: (at(object, pathsOf(kind).statusReplicas) as number | undefined) ?? 0, ...(selector && { selector }) },
  };
}

function selectorText(kind: Kind<any>, object: KubeObject): string {
  if (kind.scale) return kind.scale.labelSelector ? String(at(object, kind.scale.labelSelector) ?? "") : "";
  const selector = at(object, "spec.selector") as LabelSelector | Record<string, string> | undefined;
  if (kind.kind === "ReplicationController") return String(selectorFromSet(selector as Record<string, string>));
  return String(selectorFromObject(selector as LabelSelector));
}

const at = (object: unknown, path: string): unknown =>
  path.split(".").reduce<unknown>((part, name) => (part as Record<string, unknown> | undefined)?.[name], object);

function setAt(object: unknown, path: string, value: unknown): void {
  const names = path.split(".");
  const last = names.pop()!;
  let part = object as Record<string, unknown>;
  for (const name of names) part = (part[name] ??= {}) as Record<string, unknown>;
  part[last] = value;
}
