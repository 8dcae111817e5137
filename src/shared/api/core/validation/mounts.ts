/**
 * Where containers see volumes.
 *
 * @source pkg/apis/core/validation/validation.go (ValidateVolumeMounts, ValidateVolumeDevices) v1.36
 */
import { forbidden, invalidValue, notFoundValue, required, type FieldError } from "../../../apimachinery/field-error.ts";
import type { Container, Volume, VolumeMount } from "../../generated/core-v1.ts";
import { descendingPath, noBacksteps, oneOf } from "./common.ts";

export type Volumes = ReadonlyMap<string, Volume>;

const PROPAGATIONS = ["Bidirectional", "HostToContainer", "None"];

export function validateMounts(field: string, container: Container, volumes: Volumes): FieldError[] {
  const { volumeMounts = [], volumeDevices = [] } = container;
  const seen = new Set<string>();
  return volumeMounts.flatMap((mount, i) => {
    const { name, mountPath, subPath, subPathExpr } = mount;
    const at = `${field}[${i}]`;
    const errors = name ? [] : [required(`${at}.name`)];
    if (!volumes.has(name)) errors.push(notFoundValue(`${at}.name`, name));
    if (!mountPath) errors.push(required(`${at}.mountPath`));
    if (seen.has(mountPath)) errors.push(invalidValue(`${at}.mountPath`, mountPath, "must be unique"));
    seen.add(mountPath);
    if (volumeDevices.some((device) => device.name === name))
      errors.push(invalidValue(`${at}.name`, name, "must not already exist in volumeDevices"));
    if (volumeDevices.some((device) => device.devicePath === mountPath))
      errors.push(invalidValue(`${at}.mountPath`, mountPath, "must not already exist as a path in volumeDevices"));
    if (subPath) errors.push(...descendingPath(`${field}.subPath`, subPath));
    if (subPathExpr && subPath)
      errors.push(invalidValue(`${at}.subPathExpr`, subPathExpr, "subPathExpr and subPath are mutually exclusive"));
    if (subPathExpr) errors.push(...descendingPath(`${field}.subPathExpr`, subPathExpr));
    return [...errors, ...validatePropagation(field, mount, container), ...validateReadOnly(`${field}.recursiveReadOnly`, mount)];
  });
}

function validatePropagation(list: string, { mountPropagation: mode }: VolumeMount, container: Container): FieldError[] {
  if (mode === undefined) return [];
  const field = `${list}.mountPropagation`;
  const errors = oneOf(field, mode, PROPAGATIONS);
  if (mode !== "Bidirectional" || container.securityContext?.privileged) return errors;
  return [...errors, forbidden(field, "Bidirectional mount propagation is available only to privileged containers")];
}

function validateReadOnly(field: string, { recursiveReadOnly: mode, readOnly, mountPropagation }: VolumeMount): FieldError[] {
  if (mode === undefined || mode === "Disabled") return [];
  const unknown = oneOf(field, mode, ["Disabled", "Enabled", "IfPossible"]);
  if (unknown.length > 0) return unknown;
  const errors = readOnly ? [] : [forbidden(field, "may only be specified when readOnly is true")];
  if (mountPropagation === undefined || mountPropagation === "None") return errors;
  return [...errors, forbidden(field, "may only be specified when mountPropagation is None or not specified")];
}

export function validateDevices(
  field: string,
  { volumeDevices = [], volumeMounts = [] }: Container,
  volumes: Volumes,
): FieldError[] {
  const [names, paths] = [new Set<string>(), new Set<string>()];
  return volumeDevices.flatMap(({ name, devicePath }, i) => {
    const at = `${field}[${i}]`;
    const errors: FieldError[] = [];
    const wrong = (member: string, text: string) =>
      errors.push(invalidValue(`${at}.${member}`, member === "name" ? name : devicePath, text));
    const volume = volumes.get(name);
    if (!name) errors.push(required(`${at}.name`));
    if (names.has(name)) wrong("name", "must be unique");
    if (!volume) errors.push(notFoundValue(`${at}.name`, name));
    else if (!volume.persistentVolumeClaim && !volume.ephemeral)
      wrong("name", "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode");
    if (!devicePath) errors.push(required(`${at}.devicePath`));
    if (paths.has(devicePath)) wrong("devicePath", "must be unique");
    if (devicePath && noBacksteps("", devicePath).length > 0) wrong("devicePath", "can not contain backsteps ('..')");
    else paths.add(devicePath);
    if (volumeMounts.some((mount) => mount.name === name)) wrong("name", "must not already exist in volumeMounts");
    if (volumeMounts.some((mount) => mount.mountPath === devicePath))
      wrong("devicePath", "must not already exist as a path in volumeMounts");
    if (name) names.add(name);
    return errors;
  });
}
