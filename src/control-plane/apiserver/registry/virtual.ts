/** Resources and subresources that are computed, not stored: the body is decoded, admitted, and handed to whoever computes. */
import type { Kind, SubresourceFacts } from "../../../shared/api/kind.ts";
import { structSchema } from "../../../shared/api/schemas.ts";
import type { BodyKind } from "../../../shared/apimachinery/body.ts";
import { methodNotSupported } from "../../../shared/apimachinery/errors.ts";
import type { KubeObject } from "../../../shared/apimachinery/meta.ts";
import { fieldScope, ownershipOfCreated, type ManagedKind } from "../../../shared/apimachinery/patch/index.ts";
import type { Result } from "../chain/types.ts";
import { readObject } from "../negotiation/decode.ts";
import type { CallContext, VirtualResource } from "../types.ts";
import { admit, attributesOf, matchNamespace, validateAdmission } from "./hooks.ts";
import { managerOf, type Operation } from "./operation.ts";
import { setOwners } from "./ownership.ts";
import { writeOptions } from "./options.ts";

export function virtualOf(op: Operation): VirtualResource | undefined {
  const { group, plural } = op.served.kind;
  const id = op.subresource ? `${group}/${plural}/${op.subresource.name}` : `${group}/${plural}`;
  return op.core.virtual[id];
}

export async function callVirtual(op: Operation, virtual: VirtualResource): Promise<Result> {
  if (op.info.verb === "create" && virtual.create) return create(op, virtual, virtual.create);
  const compute = op.info.verb === "list" ? virtual.list : op.info.verb === "get" ? virtual.get : undefined;
  if (!compute) throw methodNotSupported(op.served.ref, op.info.verb);
  const object = await compute(contextOf(op, false));
  const served = op.subresource ? undefined : op.served; // what is read of a resource has rows like anything else
  return { type: "object", code: 200, object, schema: schemaOf(op), served };
}

async function create(op: Operation, virtual: VirtualResource, compute: NonNullable<VirtualResource["create"]>): Promise<Result> {
  const options = writeOptions(op.query, "CreateOptions");
  const warn = (text: string) => void op.warnings.push(text);
  const { fieldValidation } = options;
  const object = await readObject({
    request: op.request,
    into: bodyKind(op),
    resources: op.core.resources,
    fieldValidation,
    warn,
  });
  matchNamespace(op, object);
  virtual.setDefaults?.(object);
  ownComputed(op, object);
  const attributes = attributesOf(op, "CREATE", object, undefined, options);
  await admit(op, attributes);
  await validateAdmission(op, attributes);
  const answer = await compute(object, contextOf(op, options.dryRun));
  return { type: "object", code: 201, object: answer, schema: schemaOf(op) };
}

/** What is computed has owners of its fields like what is stored; the kind is that of the body. */
function ownComputed(op: Operation, object: KubeObject): void {
  const scope = fieldScope(managedKind(op), op.info.subresource);
  setOwners(object, ownershipOfCreated(object, { scope, manager: managerOf(op), now: op.now }));
}

const managedKinds = new WeakMap<SubresourceFacts, ManagedKind>();

/** One value a subresource: what is known of its fields is kept by it. */
function managedKind(op: Operation): ManagedKind {
  if (!op.subresource) return op.served.kind;
  const known = managedKinds.get(op.subresource) ?? { ...bodyKind(op), subresources: [] };
  managedKinds.set(op.subresource, known);
  return known;
}

function contextOf(op: Operation, dryRun: boolean): CallContext {
  const { core, user, served, info, query, now } = op;
  return {
    server: core.context,
    user,
    kind: served.kind,
    subresource: info.subresource,
    namespace: info.namespace,
    name: info.name,
    query,
    dryRun,
    now,
    warn: (text) => void op.warnings.push(text),
  };
}

function bodyKind(op: Operation): BodyKind {
  const { kind } = op.served;
  if (!op.subresource) return kind;
  const { group, version, kind: name } = op.subresource;
  const olderVersions = name === "Eviction" ? ["v1beta1"] : undefined;
  return { group, version, kind: name, schema: structSchema(definitionOf(op.subresource)), olderVersions };
}

/** OpenAPI model name: `policy/v1 Eviction` → `io.k8s.api.policy.v1.Eviction`. */
function definitionOf({ group, version, kind }: { group: string; version: string; kind: string }): string {
  return `io.k8s.api.${group.split(".")[0] || "core"}.${version}.${kind}`;
}

const schemaOf = (op: Operation) => (bodyKind(op) as Kind<any>).schema;
