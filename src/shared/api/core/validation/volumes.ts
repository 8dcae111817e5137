/**
 * Volumes of pods.
 *
 * @source pkg/apis/core/validation/validation.go (ValidateVolumes, validateVolumeSource) v1.36
 */
import { duplicate, forbidden, invalidValue, required, type FieldError } from "../../../apimachinery/field-error.ts";
import { compareQuantities } from "../../../apimachinery/quantity.ts";
import { isDNS1123Label, isDNS1123Subdomain, validateAnnotations, validateLabels } from "../../../apimachinery/validation.ts";
import type {
  DownwardAPIVolumeFile,
  ISCSIVolumeSource,
  KeyToPath,
  PersistentVolumeClaimTemplate,
  ProjectedVolumeSource,
  Volume,
  VolumeProjection,
} from "../../generated/core-v1.ts";
import { descendingPath, nonReservedPath, oneOf, says, validateMode } from "./common.ts";
import { validateFieldRef, validateResourceFieldRef, VOLUME_FIELDS } from "./env.ts";
import { validateClaimSpec } from "./claim.ts";
import type { Volumes } from "./mounts.ts";
import {
  iscsiName,
  validateAzureDisk,
  validateFibreChannel,
  validateFlocker,
  validateHostPath,
  validateQuobyte,
  validateStorageOsName,
} from "./volume-sources.ts";

export interface PodPlace {
  /** Name of the pod, where it is known. */
  podName?: string;
  /** false: of a template, which may be completed later. */
  isPod: boolean;
}

export function validateVolumes(
  field: string,
  volumes: readonly Volume[] = [],
  place: PodPlace,
): { errors: FieldError[]; known: Volumes } {
  const known = new Map<string, Volume>();
  const errors: FieldError[] = [];
  const created = new Set(place.podName ? volumes.filter((v) => v.ephemeral).map((v) => `${place.podName}-${v.name}`) : []);
  for (const [i, volume] of volumes.entries()) {
    const at = `${field}[${i}]`;
    const { name } = volume;
    const own = validateSource(at, volume, place);
    own.push(...(name ? says(`${at}.name`, name, isDNS1123Label(name)) : [required(`${at}.name`)]));
    if (known.has(name)) own.push(duplicate(`${at}.name`, name));
    if (own.length === 0) known.set(name, volume);
    errors.push(...own);
    const claim = volume.persistentVolumeClaim?.claimName;
    const text = "must not reference a PVC that gets created for an ephemeral volume";
    if (claim && created.has(claim)) errors.push(invalidValue(`${at}.persistentVolumeClaim.claimName`, claim, text));
  }
  return { errors, known };
}

type Judge<K extends keyof Volume> = (
  field: string,
  source: NonNullable<Volume[K]>,
  volume: Volume,
  place: PodPlace,
) => FieldError[];

const need = (field: string, value: unknown): FieldError[] => (value ? [] : [required(field)]);

const needSecretName = (field: string, secret: { name?: string } | undefined): FieldError[] =>
  secret ? need(`${field}.secretRef.name`, secret.name) : [];

/** In upstream's order: of several, the first is judged and the others are refused. */
const SOURCES: { [K in keyof Volume]?: Judge<K> } = {
  emptyDir: (field, { sizeLimit }) =>
    sizeLimit !== undefined && compareQuantities(sizeLimit, "0") < 0
      ? [forbidden(`${field}.sizeLimit`, "SizeLimit field must be a valid resource quantity")]
      : [],
  hostPath: validateHostPath,
  gitRepo: (field, { repository, directory = "" }) => [
    ...need(`${field}.repository`, repository),
    ...descendingPath(`${field}.directory`, directory),
  ],
  gcePersistentDisk: (field, { pdName }) => need(`${field.replace("gcePersistentDisk", "persistentDisk")}.pdName`, pdName),
  awsElasticBlockStore: (field, { volumeID }) => need(`${field}.volumeID`, volumeID),
  secret: (field, { secretName, defaultMode, items }) => [
    ...need(`${field}.secretName`, secretName),
    ...validateMode(`${field}.defaultMode`, defaultMode),
    ...validateItems(`${field}.items`, items),
  ],
  nfs: (field, { server, path }) => [
    ...need(`${field}.server`, server),
    ...need(`${field}.path`, path),
    ...(path.startsWith("/") ? [] : [invalidValue(`${field}.path`, path, "must be an absolute path")]),
  ],
  iscsi: validateIscsi,
  glusterfs: (field, { endpoints, path }) => [...need(`${field}.endpoints`, endpoints), ...need(`${field}.path`, path)],
  flocker: (field, source) => validateFlocker(source, field),
  persistentVolumeClaim: (field, { claimName }) => need(`${field}.claimName`, claimName),
  rbd: (field, { monitors, image }) => [...need(`${field}.monitors`, monitors?.length), ...need(`${field}.image`, image)],
  cinder: (field, { volumeID, secretRef }) => [...need(`${field}.volumeID`, volumeID), ...needSecretName(field, secretRef)],
  cephfs: (field, { monitors }) => need(`${field}.monitors`, monitors?.length),
  quobyte: (field, source) => validateQuobyte(source, field),
  downwardAPI: (field, { defaultMode, items = [] }) => [
    ...validateMode(`${field}.defaultMode`, defaultMode),
    ...items.flatMap((file) => validateDownwardFile(field, file)),
  ],
  fc: (field, source) => validateFibreChannel(source, field),
  flexVolume: (field, { driver, options = {} }) => [
    ...need(`${field}.driver`, driver),
    ...Object.keys(options).flatMap((key) =>
      /\.(kubernetes|k8s)\.io$/i.test(`.${key.split("/")[0]}`)
        ? [invalidValue(`${field}.options[${key}]`, key, "kubernetes.io and k8s.io namespaces are reserved")]
        : [],
    ),
  ],
  configMap: (field, { name, defaultMode, items }) => [
    ...need(`${field}.name`, name),
    ...validateMode(`${field}.defaultMode`, defaultMode),
    ...validateItems(`${field}.items`, items),
  ],
  azureFile: (field, { secretName, shareName }) => [
    ...need(`${field}.secretName`, secretName),
    ...need(`${field}.shareName`, shareName),
  ],
  vsphereVolume: (field, { volumePath }) => need(`${field}.volumePath`, volumePath),
  photonPersistentDisk: (field, { pdID }) => need(`${field}.pdID`, pdID),
  portworxVolume: (field, { volumeID }) => need(`${field}.volumeID`, volumeID),
  azureDisk: (field, source) => [
    ...need(`${field}.diskName`, source.diskName),
    ...need(`${field}.diskURI`, source.diskURI),
    ...validateAzureDisk(source, field),
  ],
  storageos: (field, source) => [...validateStorageOsName(source, field), ...needSecretName(field, source.secretRef)],
  projected: validateProjected,
  scaleIO: (field, { gateway, system, volumeName }) => [
    ...need(`${field}.gateway`, gateway),
    ...need(`${field}.system`, system),
    ...need(`${field}.volumeName`, volumeName),
  ],
  csi: (field, { driver, nodePublishSecretRef: secret }) => [
    ...validateDriver(`${field}.driver`, driver),
    ...(secret && !secret.name ? [required(`${field}.nodePublishSecretRef.name`)] : []),
    ...(secret?.name ? says(`${field}.name`, secret.name, isDNS1123Subdomain(secret.name)) : []),
  ],
  ephemeral: (field, { volumeClaimTemplate: template }, { name }, { podName }) => [
    ...(template ? validateClaimTemplate(`${field}.volumeClaimTemplate`, template) : [required(`${field}.volumeClaimTemplate`)]),
    ...(podName && name ? validateClaimName(field.replace(/ephemeral$/, "name"), name, `${podName}-${name}`) : []),
  ],
  image: (field, { reference, pullPolicy = "" }, _volume, { isPod }) => [
    ...(isPod ? need(`${field}.reference`, reference) : []),
    ...validatePullPolicy(`${field}.pullPolicy`, pullPolicy),
  ],
};

/** Spelled otherwise where a second source is refused. */
const SPELLED: Readonly<Record<string, string>> = { cephfs: "cephFS", downwardAPI: "downwarAPI" };

function validateSource(field: string, volume: Volume, place: PodPlace): FieldError[] {
  const names = (Object.keys(SOURCES) as (keyof Volume)[]).filter((name) => volume[name] !== undefined);
  const [first, ...more] = names;
  if (!first) return [required(field, "must specify a volume type")];
  const judge = SOURCES[first] as Judge<keyof Volume>;
  return [
    ...judge(`${field}.${first}`, volume[first]!, volume, place),
    ...more.map((name) => forbidden(`${field}.${SPELLED[name] ?? name}`, "may not specify more than 1 volume type")),
  ];
}

function validateItems(field: string, items: readonly KeyToPath[] = []): FieldError[] {
  return items.flatMap(({ key, path, mode }, i) => [
    ...need(`${field}[${i}].key`, key),
    ...need(`${field}[${i}].path`, path),
    ...nonReservedPath(`${field}[${i}].path`, path),
    ...validateMode(`${field}[${i}].mode`, mode),
  ]);
}

function validateDownwardFile(field: string, { path, fieldRef, resourceFieldRef, mode }: DownwardAPIVolumeFile): FieldError[] {
  const errors = [...need(`${field}.path`, path), ...nonReservedPath(`${field}.path`, path)];
  if (fieldRef) {
    errors.push(...validateFieldRef(`${field}.fieldRef`, fieldRef, VOLUME_FIELDS));
    if (resourceFieldRef)
      errors.push(invalidValue(field, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously"));
  } else if (resourceFieldRef) errors.push(...validateResourceFieldRef(`${field}.resourceFieldRef`, resourceFieldRef, true));
  else errors.push(required(field, "one of fieldRef and resourceFieldRef is required"));
  return [...errors, ...validateMode(`${field}.mode`, mode)];
}

function validateProjected(field: string, { defaultMode, sources = [] }: ProjectedVolumeSource): FieldError[] {
  const seen = new Set<string>();
  const unique = (path: string, shown: string) => {
    if (!path) return [];
    const errors = seen.has(path) ? [invalidValue(field, shown, "conflicting duplicate paths")] : [];
    seen.add(path);
    return errors;
  };
  return [
    ...validateMode(`${field}.defaultMode`, defaultMode),
    ...sources.flatMap((source, i) => validateProjection(field, `${field}.sources[${i}]`, source, unique)),
  ];
}

const MIN_EXPIRATION = 600;
const MAX_EXPIRATION = 2 ** 32;

function validateProjection(
  volume: string,
  field: string,
  source: VolumeProjection,
  unique: (path: string, shown: string) => FieldError[],
): FieldError[] {
  const errors: FieldError[] = [];
  for (const member of ["secret", "configMap"] as const) {
    const part = source[member];
    if (!part) continue;
    errors.push(...need(`${field}.${member}.name`, part.name));
    for (const [i, item] of (part.items ?? []).entries())
      errors.push(
        ...validateItems(`${field}.${member}.items`, [item]).map((e) => reindexed(e, i)),
        ...unique(item.path, part.name ?? ""),
      );
  }
  for (const file of source.downwardAPI?.items ?? [])
    errors.push(...validateDownwardFile(`${field}.downwardAPI`, file), ...unique(file.path, file.path));
  if (source.serviceAccountToken) {
    const { expirationSeconds = 0, path } = source.serviceAccountToken;
    const at = `${field}.serviceAccountToken.expirationSeconds`;
    if (expirationSeconds < MIN_EXPIRATION)
      errors.push(invalidValue(at, expirationSeconds, "may not specify a duration less than 10 minutes"));
    if (expirationSeconds > MAX_EXPIRATION)
      errors.push(invalidValue(at, expirationSeconds, "may not specify a duration larger than 2^32 seconds"));
    errors.push(...(path ? nonReservedPath(`${volume}.path`, path) : [required(`${volume}.path`)]));
  }
  if (source.clusterTrustBundle)
    errors.push(...validateTrustBundle(`${field}.clusterTrustBundle`, source.clusterTrustBundle, unique));
  const count = Object.values(source).filter((part) => part !== undefined).length;
  return count > 1 ? [...errors, forbidden(field, "may not specify more than 1 volume type per source")] : errors;
}

/** Items are judged one by one, between which paths are compared. */
const reindexed = (error: FieldError, i: number): FieldError => ({
  ...error,
  field: error.field.replace("items[0]", `items[${i}]`),
});

function validateTrustBundle(
  field: string,
  bundle: NonNullable<VolumeProjection["clusterTrustBundle"]>,
  unique: (path: string, shown: string) => FieldError[],
): FieldError[] {
  const { name, signerName, labelSelector, path } = bundle;
  const errors: FieldError[] = [];
  if (name !== undefined && signerName !== undefined)
    errors.push(invalidValue(field, bundle, "only one of name and signerName may be used"));
  else if (name !== undefined) {
    if (name === "") errors.push(required(`${field}.name`, "must be a valid object name"));
    if (labelSelector)
      errors.push(invalidValue(`${field}.labelSelector`, labelSelector, "labelSelector must be unset if name is specified"));
  } else if (signerName === "") errors.push(required(`${field}.signerName`, "must be a valid signer name"));
  else if (signerName === undefined) errors.push(required(field, "either name or signerName must be specified"));
  return [...errors, ...need(`${field}.path`, path), ...nonReservedPath(`${field}.path`, path), ...unique(path, path)];
}

const ISCSI_START = "must be valid format starting with iqn, eui, or naa";

function validateIscsi(field: string, source: ISCSIVolumeSource, { name }: Volume): FieldError[] {
  const { targetPortal, iqn, lun, initiatorName, secretRef } = source;
  const errors = [...need(`${field}.targetPortal`, targetPortal), ...need(`${field}.iqn`, iqn)];
  if (iqn) errors.push(...iscsiName(`${field}.iqn`, iqn, ISCSI_START));
  if (lun < 0 || lun > 255) errors.push(invalidValue(`${field}.lun`, lun, "must be between 0 and 255, inclusive"));
  if ((source.chapAuthDiscovery || source.chapAuthSession) && !secretRef) errors.push(required(`${field}.secretRef`));
  if (initiatorName === undefined) return errors;
  errors.push(...iscsiName(`${field}.initiatorname`, initiatorName, ISCSI_START));
  const text =
    "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.";
  if (`${name}:${targetPortal}`.length > 64) errors.push(invalidValue(field.replace(/iscsi$/, "name"), name, text));
  return errors;
}

const MAX_DRIVER = 63;

function validateDriver(field: string, driver: string): FieldError[] {
  if (!driver) return [required(field)];
  const long: FieldError[] =
    driver.length > MAX_DRIVER
      ? [{ type: "FieldValueTooLong", field, message: `Too long: may not be more than ${MAX_DRIVER} bytes` }]
      : [];
  return [...long, ...says(field, driver, isDNS1123Subdomain(driver.toLowerCase()))];
}

const PULL_POLICIES = ["Always", "IfNotPresent", "Never"];

export const validatePullPolicy = (field: string, policy: string): FieldError[] =>
  policy ? oneOf(field, policy, PULL_POLICIES) : [required(field)];

function validateClaimTemplate(field: string, { metadata, spec }: PersistentVolumeClaimTemplate): FieldError[] {
  const { annotations, labels, ...others } = metadata ?? {};
  return [
    ...validateAnnotations(`${field}.metadata.annotations`, annotations),
    ...validateLabels(`${field}.metadata.labels`, labels),
    ...Object.keys(others).map((name) => forbidden(`${field}.metadata.${name === "uid" ? "uID" : name}`, "cannot be set")),
    ...validateClaimSpec(`${field}.spec`, spec),
  ];
}

function validateClaimName(field: string, volume: string, claim: string): FieldError[] {
  return isDNS1123Subdomain(claim).map((text) => invalidValue(field, volume, `PVC name ${JSON.stringify(claim)}: ${text}`));
}
