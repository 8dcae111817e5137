/**
 * What the files of a volume made of API objects are: path, bytes, mode. Pure but for asking for the objects.
 *
 * @source pkg/volume/{configmap,secret,downwardapi,projected} v1.36
 */
import type {
  ConfigMap,
  DownwardAPIVolumeFile,
  KeyToPath,
  Pod,
  ProjectedVolumeSource,
  Secret,
  ServiceAccountTokenProjection,
  Volume,
} from "../../../shared/api/generated/core-v1.ts";
import { fieldValue, resourceValue, type DownwardContext } from "../pod/field-ref.ts";
import { commonUser } from "./ownership.ts";

export interface PayloadFile {
  data: Buffer;
  mode: number;
  /** The user it belongs to; default root. */
  uid?: number;
}

/** By path below the volume. */
export type Payload = Map<string, PayloadFile>;

export interface PayloadSources extends DownwardContext {
  configMap(name: string): Promise<ConfigMap | undefined>;
  secret(name: string): Promise<Secret | undefined>;
  token(pod: Pod, projection: ServiceAccountTokenProjection): Promise<string>;
}

const DEFAULT_MODE = 0o644;
const PRIVATE_MODE = 0o600;

/** undefined: the volume is not made of objects. */
export async function volumePayload(volume: Volume, sources: PayloadSources): Promise<Payload | undefined> {
  if (volume.configMap) {
    const { name, items, optional, defaultMode } = volume.configMap;
    return configMapPayload({ name: name!, items, optional, mode: defaultMode ?? DEFAULT_MODE }, sources);
  }
  if (volume.secret) {
    const { secretName, items, optional, defaultMode } = volume.secret;
    return secretPayload({ name: secretName!, items, optional, mode: defaultMode ?? DEFAULT_MODE }, sources);
  }
  if (volume.downwardAPI)
    return downwardPayload(volume.downwardAPI.items ?? [], volume.downwardAPI.defaultMode ?? DEFAULT_MODE, sources);
  return volume.projected ? projectedPayload(volume.projected, sources) : undefined;
}

interface ObjectSource {
  name: string;
  items?: readonly KeyToPath[] | undefined;
  optional?: boolean | undefined;
  mode: number;
}

async function configMapPayload(source: ObjectSource, sources: PayloadSources): Promise<Payload> {
  const object = await sources.configMap(source.name);
  if (!object && !source.optional) throw new Error(`configmap ${JSON.stringify(source.name)} not found`);
  const text = Object.entries(object?.data ?? {}).map(([key, value]) => [key, Buffer.from(value)] as const);
  const binary = Object.entries(object?.binaryData ?? {}).map(([key, value]) => [key, Buffer.from(value, "base64")] as const);
  return pick(new Map([...text, ...binary]), source, "configmap references non-existent config key: ");
}

async function secretPayload(source: ObjectSource, sources: PayloadSources): Promise<Payload> {
  const object = await sources.secret(source.name);
  if (!object && !source.optional) throw new Error(`secret ${JSON.stringify(source.name)} not found`);
  const data = Object.entries(object?.data ?? {}).map(([key, value]) => [key, Buffer.from(value, "base64")] as const);
  return pick(new Map(data), source, "references non-existent secret key: ");
}

function pick(data: ReadonlyMap<string, Buffer>, { items, optional, mode }: ObjectSource, missing: string): Payload {
  if (!items?.length) return new Map([...data].map(([key, bytes]) => [key, { data: bytes, mode }]));
  const payload: Payload = new Map();
  for (const item of items) {
    const bytes = data.get(item.key);
    if (bytes) payload.set(item.path, { data: bytes, mode: item.mode ?? mode });
    else if (!optional) throw new Error(`${missing}${item.key}`);
  }
  return payload;
}

function downwardPayload(items: readonly DownwardAPIVolumeFile[], mode: number, sources: PayloadSources): Payload {
  const payload: Payload = new Map();
  for (const item of items) {
    const text = item.fieldRef ? fieldValue(item.fieldRef, sources) : resourceValue(item.resourceFieldRef!, sources);
    payload.set(item.path, { data: Buffer.from(text), mode: item.mode ?? mode });
  }
  return payload;
}

async function projectedPayload(
  { sources: projections = [], defaultMode = DEFAULT_MODE }: ProjectedVolumeSource,
  sources: PayloadSources,
) {
  const payload: Payload = new Map();
  const add = (part: Payload) => part.forEach((file, path) => payload.set(path, file));
  for (const { secret, configMap, downwardAPI, serviceAccountToken, ...others } of projections) {
    if (secret) add(await secretPayload({ ...secret, name: secret.name!, mode: defaultMode }, sources));
    else if (configMap) add(await configMapPayload({ ...configMap, name: configMap.name!, mode: defaultMode }, sources));
    else if (downwardAPI) add(downwardPayload(downwardAPI.items ?? [], defaultMode, sources));
    else if (serviceAccountToken) add(await tokenPayload(serviceAccountToken, defaultMode, sources));
    else throw new Error(`projection of ${Object.keys(others).join()} is not supported on this node`);
  }
  return payload;
}

/** A token belongs to the one user that all containers run as, where there is one. */
async function tokenPayload(projection: ServiceAccountTokenProjection, mode: number, sources: PayloadSources): Promise<Payload> {
  const { pod } = sources;
  const uid = commonUser(pod);
  const isPrivate = uid !== undefined || pod.spec.securityContext?.fsGroup !== undefined;
  const data = Buffer.from(await sources.token(pod, projection));
  return new Map([[projection.path, { data, mode: isPrivate ? PRIVATE_MODE : mode, ...(uid !== undefined && { uid }) }]]);
}
