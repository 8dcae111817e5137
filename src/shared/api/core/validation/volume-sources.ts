/**
 * What a PersistentVolume is made of: one row a plugin, most of which is gone and still has its rules.
 *
 * @source pkg/apis/core/validation/validation.go validate…PersistentVolumeSource v1.36
 */
import { forbidden, invalidValue, notSupported, required, tooLong, type FieldError } from "../../../apimachinery/field-error.ts";
import { inclusiveRangeError, isDNS1123Label, isDNS1123Subdomain } from "../../../apimachinery/validation.ts";
import type { PersistentVolumeSource as Source, SecretReference } from "../../generated/core-v1.ts";
import { noBacksteps } from "./common.ts";

type Rule<K extends keyof Source> = (source: NonNullable<Source[K]>, path: string, volume?: string) => FieldError[];

interface Row<K extends keyof Source> {
  /** Members that must not be empty, in upstream's order. */
  needs?: readonly (keyof NonNullable<Source[K]> & string)[];
  also?: Rule<K>;
  /** As paths name it, where that is not the member. */
  as?: string;
  /** As the refusal of a second source names it. */
  refusedAs?: string;
  /** Judged even if it is not the first. */
  always?: boolean;
}

const invalidate = (path: string, value: string, texts: readonly string[]) =>
  texts.map((text) => invalidValue(path, value, text));

const inRange = (path: string, value: number | undefined, texts = inclusiveRangeError(0, 255)): FieldError[] =>
  (value ?? 0) < 0 || (value ?? 0) > 255 ? [invalidValue(path, value, texts)] : [];

const partition = (path: string, value: number | undefined) => inRange(`${path}.partition`, value, inclusiveRangeError(1, 255));

/** Name and namespace. */
function namedSecret(path: string, secret: SecretReference | undefined): FieldError[] {
  if (!secret) return [];
  return (["name", "namespace"] as const).flatMap((member) => (secret[member] ? [] : [required(`${path}.${member}`)]));
}

const HOST_PATH_TYPES = ["", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"];

export function validateHostPath(path: string, source: { path?: string; type?: string }): FieldError[] {
  if (!source.path) return [required(`${path}.path`)];
  const errors = noBacksteps(`${path}.path`, source.path);
  if (source.type !== undefined && !HOST_PATH_TYPES.includes(source.type))
    errors.push(notSupported(`${path}.type`, source.type, HOST_PATH_TYPES));
  return errors;
}

const ISCSI_NAMES: readonly (readonly [prefix: string, form: RegExp])[] = [
  ["iqn", /iqn\.\d{4}-\d{2}\.([a-zA-Z0-9\-.]+)(:[^,;*&$|\s]+)$/],
  ["eui", /^eui.[a-zA-Z0-9]{16}$/],
  ["naa", /^naa.[a-zA-Z0-9]{32}$/],
];

/** @param otherStart what is said of a name of no known form: pods and volumes say it differently. */
export function iscsiName(path: string, name: string, otherStart = "must be valid format"): FieldError[] {
  const known = ISCSI_NAMES.find(([prefix]) => name.startsWith(prefix));
  if (!known) return [invalidValue(path, name, otherStart)];
  return known[1].test(name) ? [] : [invalidValue(path, name, "must be valid format")];
}

const validateIscsi: Rule<"iscsi"> = (source, path, volume) => {
  const { targetPortal = "", iqn = "", lun, initiatorName, secretRef } = source;
  const errors = targetPortal ? [] : [required(`${path}.targetPortal`)];
  if (initiatorName !== undefined && `${volume}:${targetPortal}`.length > 64) {
    const text =
      "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.";
    errors.push(invalidValue(`${path}.targetportal`, targetPortal, text));
  }
  errors.push(...(iqn ? iscsiName(`${path}.iqn`, iqn) : [required(`${path}.iqn`)]), ...inRange(`${path}.lun`, lun));
  if ((source.chapAuthDiscovery || source.chapAuthSession) && !secretRef) errors.push(required(`${path}.secretRef`));
  if (secretRef && !secretRef.name) errors.push(required(`${path}.secretRef.name`));
  if (initiatorName !== undefined) errors.push(...iscsiName(`${path}.initiatorname`, initiatorName));
  return errors;
};

export const validateFibreChannel: Rule<"fc"> = ({ targetWWNs = [], wwids = [], lun }, path) => {
  const at = `${path}.targetWWNs`;
  const errors: FieldError[] = [];
  if (!targetWWNs.length && !wwids.length) errors.push(required(at, "must specify either targetWWNs or wwids, but not both"));
  if (targetWWNs.length && wwids.length)
    errors.push(invalidValue(at, targetWWNs, "targetWWNs and wwids can not be specified simultaneously"));
  if (!targetWWNs.length) return errors;
  if (lun === undefined) return [...errors, required(`${path}.lun`, "lun is required if targetWWNs is specified")];
  return [...errors, ...inRange(`${path}.lun`, lun)];
};

export const validateFlocker: Rule<"flocker"> = ({ datasetName = "", datasetUUID = "" }, path) => {
  const errors: FieldError[] = [];
  if (!datasetName && !datasetUUID) errors.push(required(path, "one of datasetName and datasetUUID is required"));
  if (datasetName && datasetUUID)
    errors.push(invalidValue(path, "resource", "datasetName and datasetUUID can not be specified simultaneously"));
  if (datasetName.includes("/")) errors.push(invalidValue(`${path}.datasetName`, datasetName, "must not contain '/'"));
  return errors;
};

export const validateQuobyte: Rule<"quobyte"> = ({ registry = "", tenant = "", volume }, path) => {
  const text = "must be a host:port pair or multiple pairs separated by commas";
  const errors: FieldError[] = [];
  if (!registry) errors.push(required(`${path}.registry`, text));
  else if (tenant.length >= 65)
    errors.push(required(`${path}.tenant`, "must be a UUID and may not exceed a length of 64 characters"));
  else
    for (const pair of registry.split(","))
      if (!/^([^:[\]]*|\[[^\]]*\]):[^:]*$/.test(pair)) errors.push(invalidValue(`${path}.registry`, registry, text));
  return volume ? errors : [...errors, required(`${path}.volume`)];
};

const validateGlusterfs: Rule<"glusterfs"> = ({ endpointsNamespace: namespace }, path) => {
  if (namespace === undefined) return [];
  const at = `${path}.endpointsNamespace`;
  const texts = namespace ? isDNS1123Label(namespace) : ["if the endpointnamespace is set, it must be a valid namespace name"];
  return invalidate(at, namespace, texts);
};

const CACHING = ["None", "ReadOnly", "ReadWrite"];
const DISKS = ["Dedicated", "Managed", "Shared"];
const MANAGED_URI = "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}";
const BLOB_URI = "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd";

export const validateAzureDisk: Rule<"azureDisk"> = ({ cachingMode, kind, diskURI = "" }, path) => {
  const errors: FieldError[] = [];
  if (cachingMode !== undefined && !CACHING.includes(cachingMode))
    errors.push(notSupported(`${path}.cachingMode`, cachingMode, CACHING));
  if (kind !== undefined && !DISKS.includes(kind)) errors.push(notSupported(`${path}.kind`, kind, DISKS));
  if (kind === "Managed" && !diskURI.startsWith("/subscriptions/"))
    errors.push(notSupported(`${path}.diskURI`, diskURI, [MANAGED_URI]));
  if (kind !== undefined && kind !== "Managed" && !diskURI.startsWith("https://"))
    errors.push(notSupported(`${path}.diskURI`, diskURI, [BLOB_URI]));
  return errors;
};

const validateFlex: Rule<"flexVolume"> = ({ options = {} }, path) =>
  Object.keys(options).flatMap((key) => {
    const domain = `.${key.split("/")[0]!.toLowerCase()}`;
    const reserved = domain.endsWith(".kubernetes.io") || domain.endsWith(".k8s.io");
    const text = "kubernetes.io and k8s.io namespaces are reserved";
    return reserved ? [invalidValue(`${path}.options[${key}]`, key, text)] : [];
  });

export const validateStorageOsName = (
  { volumeName = "", volumeNamespace = "" }: { volumeName?: string; volumeNamespace?: string },
  path: string,
): FieldError[] => [
  ...(volumeName ? invalidate(`${path}.volumeName`, volumeName, isDNS1123Label(volumeName)) : [required(`${path}.volumeName`)]),
  ...(volumeNamespace ? invalidate(`${path}.volumeNamespace`, volumeNamespace, isDNS1123Label(volumeNamespace)) : []),
];

const validateStorageOs: Rule<"storageos"> = (source, path) => [
  ...validateStorageOsName(source, path),
  ...namedSecret(`${path}.secretRef`, source.secretRef),
];

export function validateDriverName(path: string, name: string): FieldError[] {
  if (!name) return [required(path)];
  const errors = name.length > 63 ? [tooLong(path, 63)] : [];
  return [...errors, ...invalidate(path, name, isDNS1123Subdomain(name.toLowerCase()))];
}

function csiSecret(path: string, secret: SecretReference | undefined): FieldError[] {
  if (!secret) return [];
  const { name = "", namespace = "" } = secret;
  return [
    ...(name ? invalidate(`${path}.name`, name, isDNS1123Subdomain(name)) : [required(`${path}.name`)]),
    ...(namespace ? invalidate(`${path}.namespace`, namespace, isDNS1123Label(namespace)) : [required(`${path}.namespace`)]),
  ];
}

const CSI_SECRETS = [
  "controllerPublishSecretRef",
  "controllerExpandSecretRef",
  "nodePublishSecretRef",
  "nodeExpandSecretRef",
] as const;

const validateCsi: Rule<"csi"> = (source, path) => [
  ...validateDriverName(`${path}.driver`, source.driver ?? ""),
  ...(source.volumeHandle ? [] : [required(`${path}.volumeHandle`)]),
  ...CSI_SECRETS.flatMap((name) => csiSecret(`${path}.${name}`, source[name])),
];

const rows: { [K in keyof Source]?: Row<K> } = {
  hostPath: { also: (source, path) => validateHostPath(path, source) },
  gcePersistentDisk: { as: "persistentDisk", needs: ["pdName"], also: (s, path) => partition(path, s.partition) },
  awsElasticBlockStore: { needs: ["volumeID"], also: (s, path) => partition(path, s.partition) },
  glusterfs: { needs: ["endpoints", "path"], also: validateGlusterfs },
  flocker: { also: validateFlocker },
  nfs: {
    needs: ["server", "path"],
    also: ({ path: value = "" }, path) =>
      value.startsWith("/") ? [] : [invalidValue(`${path}.path`, value, "must be an absolute path")],
  },
  rbd: { needs: ["monitors", "image"] },
  quobyte: { also: validateQuobyte },
  cephfs: { needs: ["monitors"], refusedAs: "cephFS" },
  iscsi: { also: validateIscsi },
  cinder: { needs: ["volumeID"], also: (s, path) => namedSecret(`${path}.secretRef`, s.secretRef) },
  fc: { also: validateFibreChannel },
  flexVolume: { needs: ["driver"], also: validateFlex, always: true },
  azureFile: {
    needs: ["secretName", "shareName"],
    also: ({ secretNamespace }, path) => (secretNamespace === "" ? [required(`${path}.secretNamespace`)] : []),
  },
  vsphereVolume: { needs: ["volumePath"] },
  photonPersistentDisk: { needs: ["pdID"] },
  portworxVolume: { needs: ["volumeID"] },
  azureDisk: { needs: ["diskName", "diskURI"], also: validateAzureDisk },
  scaleIO: { needs: ["gateway", "system", "volumeName"] },
  local: {
    also: ({ path: value }, path) => (value ? noBacksteps(`${path}.path`, value) : [required(`${path}.path`)]),
  },
  storageos: { also: validateStorageOs },
  csi: { also: validateCsi },
};

export const SOURCE_NAMES = Object.keys(rows) as (keyof Source)[];

const isEmpty = (value: unknown) => !value || (Array.isArray(value) && !value.length);

/** One source, and it complete. `affine`: the volume says on which nodes it is. */
export function validateSources(
  spec: Source,
  path: string,
  { volume, affine }: { volume: string; affine: boolean },
): FieldError[] {
  const errors: FieldError[] = [];
  let count = 0;
  for (const name of SOURCE_NAMES) {
    const source = spec[name];
    if (!source) continue;
    const row = rows[name] as Row<any>;
    if (count++ && !row.always) {
      errors.push(forbidden(`${path}.${row.refusedAs ?? name}`, "may not specify more than 1 volume type"));
      continue;
    }
    const at = `${path}.${row.as ?? name}`;
    const members = source as unknown as Record<string, unknown>;
    errors.push(...(row.needs ?? []).filter((m) => isEmpty(members[m])).map((m) => required(`${at}.${m}`)));
    errors.push(...(row.also?.(source as never, at, volume) ?? []));
    if (name === "local" && !affine) errors.push(required(`${path}.nodeAffinity`, "Local volume requires node affinity"));
  }
  return count ? errors : [required(path, "must specify a volume type")];
}
