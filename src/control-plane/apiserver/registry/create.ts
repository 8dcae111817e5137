/** POST of a new object, and creation by PUT and apply. */
import { alreadyExists, badRequest, generateNameConflict, type ApiError } from "../../../shared/apimachinery/errors.ts";
import type { KubeObject } from "../../../shared/apimachinery/meta.ts";
import { deepCopy } from "../../../shared/apimachinery/patch/json.ts";
import type { Result } from "../chain/types.ts";
import { readObject, setDefaults } from "../negotiation/decode.ts";
import { noCompanions, type Companions } from "./companions.ts";
import { hubOf, toVersion } from "./convert.ts";
import {
  admit,
  attributesOf,
  beforeCreate,
  dropDuplicateOwners,
  fillSystemFields,
  matchNamespace,
  wipeSystemFields,
  validateAdmission,
} from "./hooks.ts";
import { randomName } from "./names.ts";
import type { Operation } from "./operation.ts";
import { writeOptions, type WriteOptions } from "./options.ts";
import { ownCreated } from "./ownership.ts";
import { parseRevision, plainError } from "./read.ts";
import { storeKey } from "./resources.ts";
import { put } from "./storage.ts";

/** How often another random name is tried. */
const NAME_ATTEMPTS = 8;

export async function create(op: Operation): Promise<Result> {
  const options = writeOptions(op.query, "CreateOptions");
  const object = await readWritten(op, options);
  matchNamespace(op, object);
  wipeSystemFields(object);
  dropDuplicateOwners(op, object, false);
  ownCreated(op, object);
  return createObject(op, object, options);
}

/** The body of a create or update: in the version of the path, defaulted. */
export async function readWritten(op: Operation, options: WriteOptions): Promise<KubeObject> {
  const { kind } = op.served;
  const { fieldValidation } = options;
  const warn = (text: string) => void op.warnings.push(text);
  const object = await readObject({ request: op.request, into: kind, resources: op.core.resources, fieldValidation, warn });
  setDefaults(kind, object);
  return object;
}

/** From admission on. `object` is in the served version, with its owners recorded. */
export async function createObject(op: Operation, decoded: KubeObject, options: WriteOptions): Promise<Result> {
  const object = await toVersion(op.served.resource, decoded, hubOf(op.served));
  const attributes = attributesOf(op, "CREATE", object, undefined, options);
  await admit(op, attributes);
  dropDuplicateOwners(op, object, true);
  if (object.metadata.name || !object.metadata.generateName) return createNamed(op, object, options);
  for (let attempt = 1; ; attempt++) {
    object.metadata.name = randomName(op.core.platform.random, object.metadata.generateName);
    try {
      return await createNamed(op, object, options);
    } catch (error) {
      if ((error as ApiError).reason !== "AlreadyExists" || attempt === NAME_ATTEMPTS) throw error;
    }
  }
}

async function createNamed(op: Operation, given: KubeObject, options: WriteOptions): Promise<Result> {
  const rule = op.core.companions[op.served.resource.id];
  if (!rule) return createOnce(op, given, options, noCompanions) as Promise<Result>;
  for (;;) {
    const object = deepCopy(given);
    const result = await createOnce(op, object, options, rule.plan(op.core, object, undefined));
    if (result) return result;
  }
}

/** undefined: what was chosen to go with it was taken meanwhile. */
async function createOnce(
  op: Operation,
  object: KubeObject,
  options: WriteOptions,
  companions: Companions,
): Promise<Result | undefined> {
  const { resource } = op.served;
  fillSystemFields(op, object);
  beforeCreate(op, object, options.dryRun);
  await validateAdmission(op, attributesOf(op, "CREATE", object, undefined, options));
  const { name, namespace = "" } = object.metadata;
  if (options.dryRun) {
    if (resource.cache.get(storeKey(resource, namespace, name))) throw exists(op, object);
    return { type: "object", code: 201, object: await toVersion(resource, object, op.served), served: op.served };
  }
  if (parseRevision(object.metadata.resourceVersion ?? ""))
    throw plainError("resourceVersion should not be set on objects to be created");
  const written = await put(op.core, resource, object, 0, companions.writes);
  if (!written.ok && written.companion !== undefined) {
    const refused = companions.refused(written.companion);
    if (refused) throw refused;
    return undefined;
  }
  if (!written.ok) throw exists(op, object);
  return { type: "entry", code: 201, served: op.served, entry: written.entry };
}

function exists(op: Operation, object: KubeObject): ApiError {
  const { ref, resource } = op.served;
  const { name, namespace = "", generateName } = object.metadata;
  const error = generateName ? generateNameConflict(ref, name) : alreadyExists(ref, name);
  const old = resource.cache.get(storeKey(resource, namespace, name));
  if (old?.object.metadata.deletionTimestamp) error.status.message = `object is being deleted: ${error.status.message}`;
  return error;
}

/** The body of a PUT and the result of a patch name the object in the path. */
export function matchName(op: Operation, { metadata }: KubeObject): void {
  const { name } = op.info;
  if (!metadata.name) throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
  if (metadata.name !== name)
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`);
}
